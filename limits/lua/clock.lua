-- Redis' own clock decides, so that relays need not agree on the time. Microseconds since 1970.
local time = redis.call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
