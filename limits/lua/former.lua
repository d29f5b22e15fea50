-- Frees what earlier starts of a relay hold: it runs again, so that they don't.
local relay, start = ARGV[1], ARGV[2]
local held = redis.call('HGETALL', holders)
for i = 1, #held, 2 do
  local of, at = string.match(held[i + 1], '^(%S+) (%S+)$')
  if of == relay and at ~= start then abandon(held[i]) end
end
return {}
