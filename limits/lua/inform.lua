-- Tells what was spent of a day and its month before budgets were counted here, by the records that all relays have
-- shipped. Those have also what relays that run have told: it is not counted twice.
local day = ARGV[1]
for i, period in ipairs({day, month_of(day)}) do
  if not informed(period) then
    spend(BEFORE, period, math.max(tonumber(ARGV[1 + i]) - sum(period), 0))
    mark_informed(period)
  end
end
return {}
