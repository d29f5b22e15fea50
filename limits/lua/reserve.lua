-- Reserves a total for a record, or says which budget has not that much left, and then changes nothing. Without a
-- day the record begins today: then something must be left of the budgets, even where nothing is reserved yet.
local record, total, day = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local daily, monthly, length = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

lapse()
local begins = day == ''
if begins then day = date(now) end
local before = hold_of(record)
local more = total - (before and before.amount or 0)
if more > 0 or begins then
  local least = math.max(more, 1)
  if daily > 0 and used(day) + least > daily then return {'day'} end
  if monthly > 0 and used(month_of(day)) + least > monthly then return {'month'} end
end
if more > 0 then hold(record, total, day, length) end
return {'ok', day, used(day), used(month_of(day))}
