-- What the scripts on a tenant's admissions share. Times are milliseconds since 1970.
local slots = KEYS[1]   -- sorted set: record id by the end of its lease
local running = KEYS[2] -- hash: idempotency key's hash to the claim of the generation that runs
local owners = KEYS[3]  -- hash: record id to the hash of its idempotency key
local ended = KEYS[4]   -- sorted set: number of a bucket of ended claims by the bucket's end; it is at ended:number
local rate = KEYS[5]    -- hash: tat (microseconds), per (minute)
local holders = KEYS[6] -- hash: record id to the relay that holds its slot, a space, and the start of that relay

local now = math.floor(now_us / 1000)
local BUCKET = 10 * 60 * 1000
local KEPT = 25 * 3600 * 1000 -- beyond the longest window, so that idle tenants vanish
local AT_ONCE = 1000          -- lapsed leases that one script clears away: it must not hold up others

local function int(n) return string.format('%.0f', n) end

local function encode(c)
  return int(c.expires) .. ' ' .. c.state .. ' ' .. c.heard .. ' ' .. c.record .. ' ' .. c.generation
end

local function decode(v)
  local expires, state, heard, record, generation = string.match(v, '^(%d+) (%a+) (%d) (%S+) (.*)$')
  return {expires = tonumber(expires), state = state, heard = heard, record = record, generation = generation}
end

-- keep puts a claim whose generation has ended where it expires with its bucket.
local function keep(hash, c)
  local number = math.floor(c.expires / BUCKET)
  local last = (number + 1) * BUCKET
  local bucket = ended .. ':' .. int(number)
  redis.call('HSET', bucket, hash, encode(c))
  redis.call('PEXPIREAT', bucket, int(last + BUCKET))
  redis.call('ZADD', ended, int(last), int(number))
  redis.call('PEXPIRE', ended, int(KEPT))
end

-- find is the ended claim that still counts, and, where there is none, how many claims there are in all.
local function find(hash)
  redis.call('ZREMRANGEBYSCORE', ended, '-inf', int(now))
  local count = redis.call('HLEN', running)
  for _, number in ipairs(redis.call('ZRANGE', ended, 0, -1)) do
    local bucket = ended .. ':' .. number
    local v = redis.call('HGET', bucket, hash)
    if v then
      local c = decode(v)
      if c.expires > now then return c, 0 end
    end
    count = count + redis.call('HLEN', bucket)
  end
  return nil, count
end

-- drop ends the claim of a record, and returns it where it was the record's.
local function drop(hash, record)
  redis.call('HDEL', owners, record)
  local v = redis.call('HGET', running, hash)
  if not v then return nil end
  local c = decode(v)
  if c.record ~= record then return nil end
  redis.call('HDEL', running, hash)
  return c
end

-- abandon frees what a relay held that has died. A key whose generation was heard stays used.
local function abandon(record)
  local hash = redis.call('HGET', owners, record)
  local c = hash and drop(hash, record)
  if c and c.heard == '1' and c.expires > now then
    c.state = 'failed'
    keep(hash, c)
  end
  redis.call('ZREM', slots, record)
  redis.call('HDEL', holders, record)
end

local function lapse()
  for _, record in ipairs(redis.call('ZRANGEBYSCORE', slots, '-inf', int(now), 'LIMIT', 0, AT_ONCE)) do abandon(record) end
end

-- lease gives a record a slot until its lease is over.
local function lease(record, length, relay, start)
  redis.call('ZADD', slots, int(now + length), record)
  redis.call('HSET', holders, record, relay .. ' ' .. start)
  redis.call('PEXPIRE', slots, int(KEPT))
  redis.call('PEXPIRE', holders, int(KEPT))
end

-- claim gives an idempotency key to a record that runs. What it had under another secret's hash is dropped.
local function claim(hash, c)
  local former = redis.call('HGET', owners, c.record)
  if former and former ~= hash then drop(former, c.record) end
  redis.call('HSET', running, hash, encode(c))
  redis.call('HSET', owners, c.record, hash)
  redis.call('PEXPIRE', running, int(KEPT))
  redis.call('PEXPIRE', owners, int(KEPT))
end
