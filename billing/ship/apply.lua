-- Applies a run of records of one epoch and tenant, if it follows the mark. Returns the mark as it then is; or, where records
-- of it are there already, their ids, and then nothing was done.
--
-- KEYS: mark, hours; then for each hour its sums, records, ids.
-- ARGV: number that the run follows, number of its last record, epoch, retention in seconds; then for each hour: its
-- number, how many sums, how many records, the sums (field, amount), the records (record id, generation id, seq, JSON).
local mark = tonumber(redis.call('GET', KEYS[1]) or '0')
if mark ~= tonumber(ARGV[1]) then
  return mark
end
local now = tonumber(redis.call('TIME')[1])
local retention = tonumber(ARGV[4])
local keepMark = retention + 30 * 86400

-- Where each hour begins in ARGV, and whether it is written: not if it would go at once.
local hours, at = {}, 5
for k = 3, #KEYS, 3 do
  local h = {number = ARGV[at], sums = at + 3}
  h.records = h.sums + 2 * tonumber(ARGV[at + 1])
  h.after = h.records + 4 * tonumber(ARGV[at + 2])
  h.expires = (tonumber(h.number) + 1) * 3600 + retention
  h.written = h.expires > now
  hours[k], at = h, h.after
end

-- No record counts twice, whatever number a ledger that was copied gave it.
local twice = {}
for k, h in pairs(hours) do
  for i = h.records, h.written and h.after - 1 or 0, 4 do
    local id = 'r' .. ARGV[i] .. '\0'
    if redis.call('ZRANGEBYLEX', KEYS[k + 2], '[' .. id, '(' .. id .. '\255', 'LIMIT', 0, 1)[1] then
      table.insert(twice, ARGV[i])
    end
  end
end
if #twice > 0 then
  return twice
end

-- The mark goes first. A server that can't write refuses the first write of a script, and then nothing was done. What can
-- stop a later one is only a key of ours that someone gave another type: then the run must not be added twice.
redis.call('SET', KEYS[1], ARGV[2], 'EX', keepMark)

for k = 3, #KEYS, 3 do
  local h = hours[k]
  if h.written then
    for i = h.sums, h.records - 1, 2 do
      redis.call('HINCRBY', KEYS[k], ARGV[i], ARGV[i + 1])
    end
    for i = h.records, h.after - 1, 4 do
      local id = redis.call('XADD', KEYS[k + 1], '*', 'epoch', ARGV[3], 'seq', ARGV[i + 2], 'record', ARGV[i + 3])
      redis.call('ZADD', KEYS[k + 2], 0, 'r' .. ARGV[i] .. '\0' .. id)
      if ARGV[i + 1] ~= '' then
        redis.call('ZADD', KEYS[k + 2], 0, 'g' .. ARGV[i + 1] .. '\0' .. ARGV[i] .. '\0' .. id)
      end
    end
    for i = k, k + 2 do
      redis.call('EXPIREAT', KEYS[i], h.expires)
    end
    redis.call('ZADD', KEYS[2], h.number, h.number)
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', math.floor((now - retention) / 3600) - 1)
redis.call('EXPIRE', KEYS[2], keepMark)
return tonumber(ARGV[2])
