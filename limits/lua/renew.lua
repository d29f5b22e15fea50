-- Renews the leases of what one relay runs, and returns the records that are not known here. With restore they
-- are taken on instead, whatever the limits say: they run.
local length, restore = tonumber(ARGV[1]), ARGV[2] == '1'
local relay, start = ARGV[3], ARGV[4]
local missing = {}

local function renew_claim(record, hash, window, generation, heard)
  local v = redis.call('HGET', running, hash)
  if v then
    local c = decode(v)
    if c.record == record and c.heard ~= heard then
      c.heard = heard
      claim(hash, c)
    end
  elseif not find(hash) then
    claim(hash, {expires = now + window, state = 'running', heard = heard, record = record, generation = generation})
  end
end

for i = 5, #ARGV, 5 do
  local record, hash = ARGV[i], ARGV[i + 1]
  if restore or redis.call('ZSCORE', slots, record) then
    lease(record, length, relay, start)
    if hash ~= '' then renew_claim(record, hash, tonumber(ARGV[i + 2]), ARGV[i + 3], ARGV[i + 4]) end
  else
    missing[#missing + 1] = record
  end
end
return missing
