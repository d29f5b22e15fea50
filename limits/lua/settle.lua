-- Frees the slot of a generation that has ended. Its idempotency key stays used where it was heard, also where this
-- Redis has never known of it or has forgotten it.
local record, hash, state, heard = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local window, generation = tonumber(ARGV[5]), ARGV[6]

redis.call('ZREM', slots, record)
redis.call('HDEL', holders, record)
if hash == '' then return {} end
local c = drop(hash, record)
if heard ~= '1' then return {} end
if not c then
  c = find(hash)
  if c and c.record ~= record then return {} end -- another's by now
end
c = c or {expires = 0, record = record, generation = generation}
if c.expires <= now then c.expires = now + window end
c.state, c.heard = state, '1'
keep(hash, c)
return {}
