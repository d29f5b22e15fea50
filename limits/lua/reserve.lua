-- Reserves a total for a record, or says which budget has not that much left, and then changes nothing. Without a
-- day the record begins today: then something must be left of the budgets, even where nothing is reserved yet. With
-- extend it is reserved whatever is left: it is being spent.
-- First the relay says what it has spent itself, and which sum of all relays' it has heard (-1: none): a Redis that has
-- less, or not even what was spent before, has lost something ("lost"). One that was never told what was spent before asks
-- for it ("unknown").
local record, total, day = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local daily, monthly, length = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local extend, epoch = ARGV[7] == '1', ARGV[8]

-- refusal is the period that has not so much left, and how much both have.
local function refusal(more)
  local least, short = math.huge, nil
  for _, bound in ipairs({{'day', day, daily}, {'month', month_of(day), monthly}}) do
    if bound[3] > 0 then
      local left = bound[3] - used(bound[2])
      least = math.min(least, left)
      if left < more and not short then short = bound[1] end
    end
  end
  return short, least
end

lapse()
local begins = day == ''
if begins then day = date(now) end
local lost = false
for i = 9, #ARGV, 3 do
  local period, heard = ARGV[i], tonumber(ARGV[i + 2])
  spend(epoch, period, tonumber(ARGV[i + 1]))
  if heard >= 0 and (sum(period) < heard or not informed(period)) then lost = true end
end
if lost then return {'lost'} end
if not informed(day) or not informed(month_of(day)) then return {'unknown', day} end
local before = hold_of(record)
if before then begins = false end -- asked again, since the first answer was lost
local more = total - (before and before.amount or 0)
if (more > 0 or begins) and not extend then
  local short, left = refusal(math.max(more, 1))
  if short then return {short, left, day, now} end
end
if more > 0 then hold(record, total, day, length) end
return {'ok', day, used(day), used(month_of(day)), sum(day), sum(month_of(day))}
