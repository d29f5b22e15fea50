-- Makes a relay the one that tells of something, unless another is already, and returns which it is.
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return {redis.call('GET', KEYS[1])}
