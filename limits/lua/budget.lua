-- What the scripts on a tenant's budget in one currency share. Amounts are millionths of the currency's unit.
local leases = KEYS[1] -- sorted set: record id by the end of its lease, ms
local holds = KEYS[2]  -- hash: record id to "amount day", what it has reserved and the day that this counts to
local held = KEYS[3]   -- hash: day or month to the sum of its holds
local spent = KEYS[4]  -- at spent:period a hash: epoch of a relay to what it has spent, and sum, the sum of these

local BEFORE = 'before' -- in place of an epoch: what was spent before the period was counted here

local now = math.floor(now_us / 1000)
local KEPT = 40 * 24 * 3600 * 1000 -- beyond a month
local AT_ONCE = 1000               -- lapsed leases that one script clears away: it must not hold up others

local function int(n) return string.format('%.0f', n) end

-- date is the UTC day of a time, as 2026-10-05: the proleptic Gregorian calendar, counted from a first of March.
local function date(ms)
  local days = math.floor(ms / 86400000) + 719468
  local era = math.floor(days / 146097)
  local of_era = days - era * 146097
  local year = math.floor((of_era - math.floor(of_era / 1460) + math.floor(of_era / 36524) - math.floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local march = math.floor((5 * of_year + 2) / 153)
  local day = of_year - math.floor((153 * march + 2) / 5) + 1
  local month = march < 10 and march + 3 or march - 9
  year = year + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02d', year, month, day)
end

local function month_of(day) return string.sub(day, 1, 7) end

local function sum(period) return tonumber(redis.call('HGET', spent .. ':' .. period, 'sum') or 0) end

-- unseen_key is where it stands, for a while after this Redis has lost something, how much is spent and held of which
-- only the sum is known.
local function unseen_key(period) return spent .. ':' .. period .. ':unseen' end

local function unseen(period) return tonumber(redis.call('GET', unseen_key(period)) or 0) end

-- seen says that some of it has been told.
local function seen(period, amount)
  local less = math.min(unseen(period), amount)
  if less > 0 then redis.call('DECRBY', unseen_key(period), int(less)) end
end

local function used(period)
  return sum(period) + tonumber(redis.call('HGET', held, period) or 0) + unseen(period)
end

local function adjust(day, change)
  for _, period in ipairs({day, month_of(day)}) do
    if redis.call('HINCRBY', held, period, int(change)) <= 0 then redis.call('HDEL', held, period) end
  end
end

local function hold_of(record)
  local v = redis.call('HGET', holds, record)
  if not v then return nil end
  local amount, day = string.match(v, '^(%d+) (%S+)$')
  return {amount = tonumber(amount), day = day}
end

local function release(record)
  local h = hold_of(record)
  if h then adjust(h.day, -h.amount) end
  redis.call('HDEL', holds, record)
  redis.call('ZREM', leases, record)
end

-- lapse gives back what relays had reserved that have died.
local function lapse()
  for _, record in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', int(now), 'LIMIT', 0, AT_ONCE)) do
    release(record)
  end
end

-- hold reserves an amount for a record, in place of what it had, until its lease is over.
local function hold(record, amount, day, length)
  local before = hold_of(record)
  if before then adjust(before.day, -before.amount) end
  adjust(day, amount)
  redis.call('HSET', holds, record, int(amount) .. ' ' .. day)
  redis.call('ZADD', leases, int(now + length), record)
  for _, key in ipairs({leases, holds, held}) do redis.call('PEXPIRE', key, int(KEPT)) end
end

-- informed reports whether it was told what had been spent of a period before it was counted.
local function informed(period) return redis.call('HEXISTS', spent .. ':' .. period, BEFORE) == 1 end

local function mark_informed(period)
  redis.call('HSETNX', spent .. ':' .. period, BEFORE, 0)
  redis.call('PEXPIRE', spent .. ':' .. period, int(KEPT))
end

-- spend books what a relay has spent of a period since it began. That only grows, so that hearing it again, or
-- late, changes nothing, and a Redis that has lost it hears it all again.
local function spend(epoch, period, total)
  local key = spent .. ':' .. period
  local before = redis.call('HGET', key, epoch)
  local more = total - tonumber(before or 0)
  if more <= 0 then return end
  if not before then seen(period, total) end
  redis.call('HSET', key, epoch, int(total))
  redis.call('HINCRBY', key, 'sum', int(more))
  redis.call('PEXPIRE', key, int(KEPT))
end
