-- Writes a relay's heartbeat behind the server's time, if the one before is still there; else the doubtful one. Returns what
-- it wrote, and 1 if the one before was there.
--
-- KEYS: heartbeats. ARGV: relay, the heartbeat before, the new one, the doubtful one.
local time = redis.call('TIME')
local ms = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2]
local beat = string.format('%.0f %s', ms, kept and ARGV[3] or ARGV[4])
redis.call('HSET', KEYS[1], ARGV[1], beat)
return {beat, kept and 1 or 0}
