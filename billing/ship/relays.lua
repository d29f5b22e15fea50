-- Returns the server's time in milliseconds, then all heartbeats, each behind its relay. KEYS: heartbeats.
local time = redis.call('TIME')
local all = redis.call('HGETALL', KEYS[1])
table.insert(all, 1, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
return all
