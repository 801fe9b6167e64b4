-- Appends one fact to a room's log: the only way in.
--
-- What holds: the script runs alone, so dedupe, sanctions, back-pressure, seq, log and publish are
-- one step (G1, G8). XADD is the first write: scripts do not roll back, and a stream refuses an id
-- that is not above its last, so nothing is half done when it fails. Payloads are never decoded.
--
-- KEYS 1 log, 2 body, 3 meta, 4 dedupe0, 5 dedupe1, 6 sanctions, 7 slow, 8 changes, 9 dirty
-- ARGV 1 run        run id of the Redis that the caller believes to talk to
--      2 room, 3 channel
--      4 sendKey    author:clientId, or "" for a fact without an idempotency key
--      5 hash       of what is said; the same sendKey with another hash is a CONFLICT
--      6 bornMs     time inside a UUIDv7 clientId, 0 when it has none
--      7 checked    "1" when Postgres was asked and does not know the sendKey
--      8 verdict    "" or the code that the caller's policy refuses with
--      9 policy     version of the room's rules that the verdict was made with; "" skips the check
--     10 guard      "", "ban" or "mute": which sanctions of the author refuse it
--     11 author
--     12 slowMs     least time between two messages of the author, 0 for none
--     13 cap        accepted but not stored facts at most; 0 for facts that must not be refused
--     14 says       "1" for a message: it counts in n
--     15 target     seq that the fact changes, or ""
--     16 replyTo    seq that must not lie past the head, or ""
--     17 at         ISO time
--     18 rest       the fact's JSON after {"seq":N,
--     19.. effects, applied with the fact: a name and two arguments each
--          expect  seq,  last change of the target that the caller has seen ("" for none)
--          change  seq,  JSON of what the target is now
--          body    seq,  JSON of the fact as it may be replayed from now on
--          sanction field, until (ms, -1 for good, "" to lift)
--          policy  version, ""
-- Result {status, …}: OK seq epoch prev | DUP seq epoch at | CONFLICT | UNSEEDED | CHECK | POLICY
--        | REFUSED code | SANCTIONED kind until | SLOW ms | BUSY unstored | PAST head | MOVED
local log, body, meta, dedupe0, dedupe1 = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local sanctions, slow, changes, dirty = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local run, room, channel, sendKey, hash = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local born, checked, verdict, policy = tonumber(ARGV[6]), ARGV[7], ARGV[8], ARGV[9]
local guard, author, slowMs, cap = ARGV[10], ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13])
local says, target, replyTo, at, rest = ARGV[14], ARGV[15], ARGV[16], ARGV[17], ARGV[18]

-- Longest time that a sender's clock may run ahead before its UUIDv7 is believed too new.
local SKEW_MS = 60000
-- A dedupe hash is begun anew after this time; what it held stays readable as long again.
local WINDOW_MS = 300000

-- Lua prints 1e14 as 1e+14; ids and seqs must stay digits.
local function digits(number) return string.format('%.0f', number) end

local m = redis.call('HMGET', meta, 'run', 'epoch', 'head', 'stored', 'base', 'gap', 'n', 'policy',
  'since', 'turnedAt', 'turnedSeq', 'fresh')
-- Another run id: this Redis was restarted and may have lost its last second of appends.
if m[1] ~= run then return {'UNSEEDED'} end
local epoch, head, stored, base, gap = m[2], tonumber(m[3]), tonumber(m[4]), tonumber(m[5]), tonumber(m[6])
local n, fresh = tonumber(m[7]), m[12]

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

if sendKey ~= '' then
  local known = redis.call('HGET', dedupe0, sendKey) or redis.call('HGET', dedupe1, sendKey)
  if known then
    local seq, knownHash, knownAt = string.match(known, '^(%d+)|([^|]*)|(.*)$')
    if knownHash ~= hash then return {'CONFLICT'} end
    return {'DUP', seq, epoch, knownAt}
  end
  -- The windows remember every send since `since`. An older one may be in Postgres only, and the id
  -- of a sender whose clock is fast does not tell its age.
  local sentMs = born - SKEW_MS
  if checked ~= '1' and (sentMs < tonumber(m[9]) or sentMs > now) then return {'CHECK'} end
end

-- Older rules than the room's: the verdict may be wrong. Newer ones: this append brings them in.
if policy ~= '' and tonumber(policy) < tonumber(m[8]) then return {'POLICY'} end
if guard ~= '' then
  local s = redis.call('HMGET', sanctions, 'loaded', 'ban:' .. author, 'mute:' .. author)
  if not s[1] then return {'UNSEEDED'} end -- fail closed: without the list nobody may speak
  if s[2] and (s[2] == '-1' or tonumber(s[2]) > now) then return {'SANCTIONED', 'ban', s[2]} end
  if guard == 'mute' and s[3] and (s[3] == '-1' or tonumber(s[3]) > now) then
    return {'SANCTIONED', 'mute', s[3]}
  end
end
if verdict ~= '' then return {'REFUSED', verdict} end
if slowMs > 0 then
  local last = redis.call('HGET', slow, author)
  if last and now - tonumber(last) < slowMs then
    return {'SLOW', digits(slowMs - (now - tonumber(last)))}
  end
end
if replyTo ~= '' and tonumber(replyTo) > head then return {'PAST', digits(head)} end

-- Seqs skipped by a new epoch were never accepted: they do not count against the cap.
local unstored = head - stored
if stored < base and head > base then unstored = unstored - gap end
if cap > 0 and unstored >= cap then return {'BUSY', digits(unstored)} end

for i = 19, #ARGV, 3 do
  if ARGV[i] == 'expect' then
    local change = redis.call('HGET', changes, ARGV[i + 1])
    local last = change and string.match(change, '^%d+') or ''
    if last ~= ARGV[i + 2] then return {'MOVED'} end
  end
end

-- A new epoch begins above every seq that may have been handed out and lost.
local seq = math.max(head, base) + 1
local seqDigits = digits(seq)
if says == '1' then n = n + 1 end
local fact = '{"seq":' .. seqDigits .. ',' .. rest

local id = epoch .. '-' .. seqDigits
if target == '' then
  redis.call('XADD', log, id, 'n', digits(n))
else
  redis.call('XADD', log, id, 'n', digits(n), 't', target)
end
redis.call('HSET', body, seqDigits, fact)
if policy == '' then policy = m[8] end
redis.call('HSET', meta, 'head', seqDigits, 'n', digits(n), 'policy', policy)
redis.call('ZADD', dirty, 'NX', digits(now), room)

if sendKey ~= '' then
  -- A window may only be forgotten once all it names is in Postgres, where CHECK would look.
  if now - tonumber(m[10]) > WINDOW_MS and stored >= tonumber(m[11]) then
    fresh = fresh == '0' and '1' or '0'
    redis.call('UNLINK', fresh == '0' and dedupe0 or dedupe1)
    redis.call('HSET', meta, 'fresh', fresh, 'since', m[10], 'turnedAt', digits(now),
      'turnedSeq', digits(head))
  end
  redis.call('HSET', fresh == '0' and dedupe0 or dedupe1, sendKey,
    seqDigits .. '|' .. hash .. '|' .. at)
end
if slowMs > 0 then
  redis.call('HSET', slow, author, digits(now))
  redis.call('PEXPIRE', slow, digits(slowMs))
end

for i = 19, #ARGV, 3 do
  local effect, a, b = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if effect == 'change' then
    redis.call('HSET', changes, a, seqDigits .. ' ' .. b)
  elseif effect == 'body' then
    if redis.call('HEXISTS', body, a) == 1 then redis.call('HSET', body, a, b) end
  elseif effect == 'sanction' then
    if b == '' then redis.call('HDEL', sanctions, a) else redis.call('HSET', sanctions, a, b) end
  elseif effect == 'policy' then
    -- Acts may be appended late and out of turn; the rules' version never goes back.
    if tonumber(a) > tonumber(policy) then redis.call('HSET', meta, 'policy', a) end
  end
end

redis.call('PUBLISH', channel, 'f ' .. epoch .. ' ' .. digits(head) .. ' ' .. seqDigits .. ' ' .. fact)
return {'OK', seqDigits, epoch, digits(head)}
