-- Writes, since a Redis that only reads is of no use.
redis.call('SET', KEYS[1], string.format('%.0f', now_us), 'PX', 60000)
return {}
