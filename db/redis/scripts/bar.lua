-- Notes who is barred from the whole platform, where the append script looks: all of them, or what has
-- become of one.
--
-- What holds: the caller holds a lock in Postgres that everyone takes who changes who is barred, and the
-- deadline is before Postgres would end that lock, so that a caller that was paused wakes up too LATE.
--
-- KEYS 1 the barred of a bucket
-- ARGV 1 run, 2 deadlineMs (Redis time), 3 "all" or "one", 4.. user, until (ms, -1 for good, "" for no more)
-- Result {status}: OK | LATE
local barred, run, deadline, what = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
if tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) > deadline then return {'LATE'} end
-- Who was not told of all is told when somebody next speaks there, and then of this, too.
if what == 'one' and redis.call('HGET', barred, 'loaded') ~= run then return {'OK'} end
if what == 'all' then
  redis.call('DEL', barred)
  redis.call('HSET', barred, 'loaded', run)
end
for i = 4, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', barred, ARGV[i])
  else redis.call('HSET', barred, ARGV[i], ARGV[i + 1]) end
end
return {'OK'}
