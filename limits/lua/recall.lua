-- Tells a Redis that has lost something what a relay remembers of it: of each period what every start of a relay has
-- spent, and how much was spent and held by all. What of that nobody accounts for counts as well, for as long as relays
-- that run may take to tell it (length).
local length = tonumber(ARGV[1])
local i = 2
while i <= #ARGV do
  local period, all, count = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  for k = i + 3, i + 2 + 2 * count, 2 do
    spend(ARGV[k], period, tonumber(ARGV[k + 1]))
    if ARGV[k] == BEFORE then mark_informed(period) end
  end
  local lacks = all - used(period)
  if lacks > 0 then redis.call('SET', unseen_key(period), int(unseen(period) + lacks), 'PX', int(length)) end
  i = i + 3 + 2 * count
end
return {}
