-- Puts another fact in an entry's place, where the entry still is: what was trimmed stays gone.
-- KEYS 1 body   ARGV 1 seq, 2 fact   Result {}
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return {}
