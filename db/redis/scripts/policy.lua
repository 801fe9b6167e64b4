-- Tells a room's log of newer rules, when no fact does.
-- KEYS 1 meta   ARGV 1 version   Result {}
local version = redis.call('HGET', KEYS[1], 'policy')
if version and tonumber(version) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'policy', ARGV[1])
end
return {}
