-- Books what a relay has spent, gives back the reservation of a record that has ended (if one is named), renews those
-- of what runs, and returns the records whose reservation is not known here. With restore they are taken on instead,
-- whatever the budget says: they are being spent.
local epoch, over, length, restore = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local periods = tonumber(ARGV[5])
local missing = {}

for i = 6, 5 + 2 * periods, 2 do spend(epoch, ARGV[i], tonumber(ARGV[i + 1])) end
if over ~= '' then release(over) end
for i = 6 + 2 * periods, #ARGV, 3 do
  local record, amount = ARGV[i], tonumber(ARGV[i + 1])
  local before = hold_of(record)
  if restore and not before then
    seen(ARGV[i + 2], amount)
    seen(month_of(ARGV[i + 2]), amount)
  end
  if before or restore then -- what was reserved while this Redis was away is more than it knows of, never less
    hold(record, math.max(amount, before and before.amount or 0), ARGV[i + 2], length)
  else
    missing[#missing + 1] = record
  end
end
return missing
