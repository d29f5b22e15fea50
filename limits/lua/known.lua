-- Returns of each period what every start of a relay has spent, as pairs behind one another.
local known = {}
for i, period in ipairs(ARGV) do known[i] = redis.call('HGETALL', spent .. ':' .. period) end
return known
