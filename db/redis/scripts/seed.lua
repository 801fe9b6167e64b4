-- Gives a room a hot log in this Redis: after a loss, a restart, or for the first time.
--
-- What holds: the caller has the room's row locked in Postgres and committed `epoch` and `base`
-- before; the deadline is before Postgres would end that lock, so a caller that was paused wakes up
-- too LATE to seed (two racing seeders: one seeds, the other sees SEEDED). Whatever survived is
-- kept only when it reaches at least as far as Postgres; a shorter log would have a hole in it.
--
-- KEYS 1 log, 2 body, 3 meta, 4 dedupe0, 5 dedupe1, 6 sanctions, 7 changes, 8 dirty, 9 ahead
-- ARGV 1 run, 2 deadlineMs (Redis time), 3 room, 4 epoch, 5 base, 6 stored, 7 n, 8 policy,
--      9 adopt ("1": nothing was lost, carry on in the same epoch), 10 channel,
--     11 lostFrom, 12 lostTo ("" when nothing was there to lose), 13 seq of the last fact that stands,
--     as the caller committed it, 14 number of sanctions, 15 number of liftings, 16.. sanction field, until;
--     then of a lifting that may not be in the log yet the sendKey of its fact, the field and until of
--     what it lifts; then user, newest time in a clientId of theirs that ran ahead
-- Result {status}: OK | SEEDED | LATE (ask again)
local log, body, meta, dedupe0, dedupe1 = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local sanctions, changes, dirty, ahead = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local run, deadline, room, epoch, base = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local stored, n, policy, adopt, channel = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if now > deadline then return {'LATE'} end

local m = redis.call('HMGET', meta, 'run', 'head', 'n', 'eras', 'ahead')
if m[1] == run and redis.call('HEXISTS', sanctions, 'loaded') == 1 then return {'SEEDED'} end

local last, survives = stored, m[2] and tonumber(m[2]) >= tonumber(stored)
if survives then last = m[2] end
if adopt ~= '1' and last ~= ARGV[13] then return {'LATE'} end

redis.call('DEL', sanctions)
redis.call('HSET', sanctions, 'loaded', '1')
local liftingsFrom = 16 + 2 * tonumber(ARGV[14])
local aheadFrom = liftingsFrom + 3 * tonumber(ARGV[15])
for i = 16, liftingsFrom - 1, 2 do redis.call('HSET', sanctions, ARGV[i], ARGV[i + 1]) end
-- Until the log says that somebody may speak again, they may not: else the log would show them
-- speaking while banned (G8). The windows know every fact of what survived that is not stored.
for i = liftingsFrom, aheadFrom - 1, 3 do
  local sendKey, field, untilMs = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local stands = survives
    and (redis.call('HEXISTS', dedupe0, sendKey) == 1 or redis.call('HEXISTS', dedupe1, sendKey) == 1)
  if not stands then redis.call('HSETNX', sanctions, field, untilMs) end
end

if adopt == '1' then
  redis.call('HSET', meta, 'run', run, 'policy', policy)
  return {'OK'}
end

local nowDigits = string.format('%.0f', now)
-- Sends from before now may be in Postgres only; while nothing is stored there are none.
local since = (survives or stored ~= '0') and nowDigits or '0'
local eras, newestAhead = '', 0
if survives then
  n, eras, newestAhead = m[3], m[4], tonumber(m[5] or 0)
else
  redis.call('DEL', log, body, changes, dedupe0, dedupe1, ahead)
end
-- What survived may be of sends that are not stored, and newer than what Postgres knows.
for i = aheadFrom, #ARGV, 2 do
  local known, newest = redis.call('HGET', ahead, ARGV[i]), tonumber(ARGV[i + 1])
  if not known or tonumber(known) < newest then redis.call('HSET', ahead, ARGV[i], ARGV[i + 1]) end
  newestAhead = math.max(newestAhead, newest)
end
redis.call('HSET', meta, 'run', run, 'epoch', epoch, 'head', last, 'stored', stored, 'base', base,
  'gap', string.format('%.0f', tonumber(base) - tonumber(last)), 'n', n, 'policy', policy,
  'eras', eras .. epoch .. ':' .. base .. ';',
  'since', since, 'turnedAt', nowDigits, 'turnedSeq', last, 'fresh', '0',
  'ahead', string.format('%.0f', newestAhead))
if last == stored then
  redis.call('ZREM', dirty, room)
else
  redis.call('ZADD', dirty, 'NX', nowDigits, room)
end
redis.call('PUBLISH', channel, 'r ' .. epoch .. ' ' .. last .. ' ' .. ARGV[11] .. ' ' .. ARGV[12])
return {'OK'}
