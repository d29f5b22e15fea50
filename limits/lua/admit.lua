-- Decides on one generation. A refusal changes nothing.
local record, generation, hash, window = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local most, per_minute = tonumber(ARGV[5]), tonumber(ARGV[6])
local length, max_keys = tonumber(ARGV[7]), tonumber(ARGV[8])
local relay, start = ARGV[9], ARGV[10]

-- take takes a token, or returns the milliseconds until the next one. The bucket is kept as the time at which it
-- will be full again (tat); one of another size starts full.
local function take()
  local interval = math.floor(60000000 / per_minute)
  local tat = now_us
  local kept = redis.call('HMGET', rate, 'tat', 'per')
  if kept[1] and tonumber(kept[2]) == per_minute then tat = math.max(tat, tonumber(kept[1])) end
  tat = tat + interval
  local early = tat - now_us - interval * per_minute
  if early > 0 then return math.ceil(early / 1000) end
  redis.call('HSET', rate, 'tat', int(tat), 'per', int(per_minute))
  redis.call('PEXPIRE', rate, int(math.ceil((tat - now_us) / 1000)))
  return 0
end

lapse()
if redis.call('ZSCORE', slots, record) then return {'ok'} end -- asked again, since the first answer was lost
if hash ~= '' then
  local v = redis.call('HGET', running, hash)
  local first, count = v and decode(v), 0
  if not first then first, count = find(hash) end
  if first then return {'duplicate', first.generation, first.record, first.state} end
  if count >= max_keys then
    local oldest = redis.call('ZRANGE', ended, 0, 0, 'WITHSCORES')
    return {'keys', oldest[2] and math.max(tonumber(oldest[2]) - now, 1) or length}
  end
end
if most > 0 and redis.call('ZCOUNT', slots, '(' .. int(now), '+inf') >= most then return {'many'} end
if per_minute > 0 then
  local wait = take()
  if wait > 0 then return {'rate', wait} end
end
lease(record, length, relay, start)
if hash ~= '' then
  claim(hash, {expires = now + window, state = 'running', heard = '0', record = record, generation = generation})
end
return {'ok'}
