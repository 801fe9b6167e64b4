-- Appends facts to rooms' logs: the only way in. One call carries what a gateway was asked for in one
-- turn of its event loop, so that reading a room's state, the round trip and the publish are shared.
--
-- What holds: the script runs alone, so dedupe, sanctions, back-pressure, seq, log and publish are
-- one step (G1, G8). XADD is the first write of a fact: scripts do not roll back, and a stream refuses
-- an id that is not above its last, so nothing of a fact is half done when it fails, and the facts
-- beside it go on. Payloads are never decoded.
--
-- KEYS 1 the dirty index of a bucket, which says where the call belongs; `roomKeys` (keys.ts) makes the
--        keys of each room
-- ARGV 1 run        run id of the Redis that the caller believes to talk to
--      then for each room: its bucket's tag, its id, the number of its facts; and for each of its facts
--      head         the fields below, with a space between each two
--      rest         the fact's JSON after {"seq":N,
--      effects      applied with the fact: a name and two arguments each
--        expect  seq,  last change of the target that the caller has seen ("" for none)
--        change  seq,  JSON of what the target is now
--        body    seq,  JSON of the fact as it may be replayed from now on
--        sanction field, until (ms, -1 for good, "" to lift)
--        policy  version, ""
--      The fields of a head:
--        effects    how many there are
--        sendKey    author:clientId, or "" for a fact without an idempotency key
--        hash       of what is said; the same sendKey with another hash is a CONFLICT
--        bornMs     time inside a UUIDv7 clientId, 0 when it has none
--        checked    "1" when Postgres was asked and does not know the sendKey
--        verdict    "" or the code that the caller's policy refuses with
--        policy     version of the room's rules that the verdict was made with; "" skips the check
--        guard      "", "ban" or "mute": which sanctions of the author refuse it
--        author
--        slowMs     least time between two messages of the author, 0 for none
--        cap        accepted but not stored facts at most; 0 for facts that must not be refused
--        says       "1" for a message: it counts in n
--        target     seq that the fact changes, "*" for many, or ""
--        replyTo    seq that must not lie past the head, or ""
--        at         ISO time
-- Result for each fact, in order, a string: OK seq epoch prev | DUP seq epoch at | CONFLICT | UNSEEDED
--        | CHECK | POLICY | REFUSED code | SANCTIONED kind until | SLOW ms | BUSY unstored | PAST head
--        | MOVED | ERR why
local run = ARGV[1]
local call = redis.call

-- Longest time that a sender's clock may run ahead before its UUIDv7 is believed too new.
local SKEW_MS = 60000
-- A dedupe hash is begun anew after this time; what it held stays readable as long again.
local WINDOW_MS = 300000
local HEAD = '^%d+ ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*)$'

-- Lua prints 1e14 as 1e+14; ids and seqs must stay digits.
local function digits(number) return string.format('%.0f', number) end

local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local NONE = {}
local function effectsAt(at, count)
  if count == 0 then return NONE end
  local effects = {}
  for i = 1, count * 3 do effects[i] = ARGV[at + i - 1] end
  return effects
end

-- Whether a send that the windows do not know may be in Postgres. They remember every send since `since`.
-- The id of a sender whose clock was fast does not tell its age, neither now nor when time has caught up.
local function mayBeOld(r, author, born)
  if born - SKEW_MS < r.since then return true end
  if born > r.ahead then return false end
  local ahead = call('HGET', r.aheadOf, author)
  return ahead and born <= tonumber(ahead)
end

-- Remembers that a sender's clock ran ahead, for as long as ids that it made may come again.
local function noteAhead(r, author, born)
  if born - SKEW_MS <= now then return end
  local known = call('HGET', r.aheadOf, author)
  if not known or born > tonumber(known) then call('HSET', r.aheadOf, author, digits(born)) end
  if born > r.ahead then
    r.ahead = born
    call('HSET', r.meta, 'ahead', digits(born))
  end
end

-- Appends one fact to the room at hand, `r`: a table, since a local that a function shares with the
-- script costs more than a field, and this is the hottest path there is.
local function append(r, header, rest, effects)
  if not r.seeded then return 'UNSEEDED' end
  local sendKey, hash, born, checked, verdict, policy, guard, author, slowMs, cap, says, target,
    replyTo, saidAt = string.match(header, HEAD)

  if sendKey ~= '' then
    local known = call('HGET', r.dedupe0, sendKey) or call('HGET', r.dedupe1, sendKey)
    if known then
      local seq, knownHash, knownAt = string.match(known, '^(%d+)|([^|]*)|(.*)$')
      if knownHash ~= hash then return 'CONFLICT' end
      return 'DUP ' .. seq .. ' ' .. r.epoch .. ' ' .. knownAt
    end
    if checked ~= '1' and mayBeOld(r, author, tonumber(born)) then return 'CHECK' end
  end

  -- Older rules than the room's: the verdict may be wrong. Newer ones: this append brings them in.
  if policy ~= '' and tonumber(policy) < r.rules then return 'POLICY' end
  if guard ~= '' then
    local b = call('HMGET', r.barred, 'loaded', author)
    if b[1] ~= run then return 'UNSEEDED' end
    if b[2] and (b[2] == '-1' or tonumber(b[2]) > now) then return 'SANCTIONED platform ' .. b[2] end
    local s = call('HMGET', r.sanctions, 'loaded', 'ban:' .. author, 'mute:' .. author)
    if not s[1] then return 'UNSEEDED' end -- fail closed: without the list nobody may speak
    if s[2] and (s[2] == '-1' or tonumber(s[2]) > now) then return 'SANCTIONED ban ' .. s[2] end
    if guard == 'mute' and s[3] and (s[3] == '-1' or tonumber(s[3]) > now) then
      return 'SANCTIONED mute ' .. s[3]
    end
  end
  if verdict ~= '' then return 'REFUSED ' .. verdict end
  if slowMs ~= '0' then
    local last = call('HGET', r.slow, author)
    if last and now - tonumber(last) < tonumber(slowMs) then
      return 'SLOW ' .. digits(tonumber(slowMs) - (now - tonumber(last)))
    end
  end
  if replyTo ~= '' and tonumber(replyTo) > r.head then return 'PAST ' .. digits(r.head) end

  -- Seqs skipped by a new epoch were never accepted: they do not count against the cap.
  local unstored = r.head - r.stored
  if r.stored < r.base and r.head > r.base then unstored = unstored - r.gap end
  if cap ~= '0' and unstored >= tonumber(cap) then return 'BUSY ' .. digits(unstored) end

  for i = 1, #effects, 3 do
    if effects[i] == 'expect' then
      local change = call('HGET', r.changes, effects[i + 1])
      local last = change and string.match(change, '^%d+') or ''
      if last ~= effects[i + 2] then return 'MOVED' end
    end
  end

  -- A new epoch begins above every seq that may have been handed out and lost.
  local seq, prev, prevDigits = math.max(r.head, r.base) + 1, r.head, r.headDigits
  local seqDigits = digits(seq)
  local said, saidDigits = r.n, r.nDigits
  if says == '1' then
    said = r.n + 1
    saidDigits = digits(said)
  end
  local fact = '{"seq":' .. seqDigits .. ',' .. rest

  if target == '' then
    call('XADD', r.log, r.epoch .. '-' .. seqDigits, 'n', saidDigits)
  else
    call('XADD', r.log, r.epoch .. '-' .. seqDigits, 'n', saidDigits, 't', target)
  end
  r.head, r.headDigits, r.n, r.nDigits = seq, seqDigits, said, saidDigits
  r.told[#r.told + 1] = fact
  r.told[#r.told + 1] = ','
  call('HSET', r.body, seqDigits, fact)
  if policy ~= '' then r.rules = tonumber(policy) end

  if sendKey ~= '' then
    -- A window may only be forgotten once all it names is in Postgres, where CHECK would look.
    if now - r.turnedAt > WINDOW_MS and r.stored >= r.turnedSeq then
      r.fresh = r.fresh == '0' and '1' or '0'
      r.since, r.turnedAt, r.turnedSeq = r.turnedAt, now, prev
      call('UNLINK', r.fresh == '0' and r.dedupe0 or r.dedupe1)
      call('HSET', r.meta, 'fresh', r.fresh, 'since', digits(r.since), 'turnedAt', digits(r.turnedAt),
        'turnedSeq', digits(r.turnedSeq))
      if r.ahead ~= 0 and r.ahead - SKEW_MS < r.since then
        r.ahead = 0
        call('UNLINK', r.aheadOf)
        call('HDEL', r.meta, 'ahead')
      end
    end
    noteAhead(r, author, tonumber(born))
    call('HSET', r.fresh == '0' and r.dedupe0 or r.dedupe1, sendKey, seqDigits .. '|' .. hash .. '|' .. saidAt)
  end
  if slowMs ~= '0' then
    call('HSET', r.slow, author, digits(now))
    call('PEXPIRE', r.slow, slowMs)
  end

  for i = 1, #effects, 3 do
    local effect, a, b = effects[i], effects[i + 1], effects[i + 2]
    if effect == 'change' then
      call('HSET', r.changes, a, seqDigits .. ' ' .. b)
    elseif effect == 'body' then
      if call('HEXISTS', r.body, a) == 1 then call('HSET', r.body, a, b) end
    elseif effect == 'sanction' then
      if b == '' then call('HDEL', r.sanctions, a) else call('HSET', r.sanctions, a, b) end
    elseif effect == 'policy' then
      -- Acts may be appended late and out of turn; the rules' version never goes back.
      if tonumber(a) > r.rules then r.rules = tonumber(a) end
    end
  end
  return 'OK ' .. seqDigits .. ' ' .. r.epoch .. ' ' .. prevDigits
end

local results, at, last, r = {}, 2, #ARGV, {}
while at <= last do
  local room, count = ARGV[at + 1], tonumber(ARGV[at + 2])
  r.log, r.body, r.meta, r.dedupe0, r.dedupe1, r.sanctions, r.slow, r.changes, r.feed, r.dirty, r.aheadOf, r.barred = roomKeys(ARGV[at], room)
  local m = call('HMGET', r.meta, 'run', 'epoch', 'head', 'stored', 'base', 'gap', 'n', 'policy',
    'since', 'turnedAt', 'turnedSeq', 'fresh', 'ahead')
  -- Another run id: this Redis was restarted and may have lost its last second of appends.
  r.seeded = m[1] == run
  if r.seeded then
    r.epoch, r.headDigits, r.nDigits, r.fresh = m[2], m[3], m[7], m[12]
    r.head, r.stored, r.base, r.gap = tonumber(r.headDigits), tonumber(m[4]), tonumber(m[5]), tonumber(m[6])
    r.n, r.rules, r.since = tonumber(r.nDigits), tonumber(m[8]), tonumber(m[9])
    r.turnedAt, r.turnedSeq, r.ahead = tonumber(m[10]), tonumber(m[11]), tonumber(m[13] or 0)
  end
  r.told = {''}
  at = at + 3
  for _ = 1, count do
    local header = ARGV[at]
    local effects = tonumber(string.match(header, '^%d+'))
    local ok, result = pcall(append, r, header, ARGV[at + 1], effectsAt(at + 2, effects))
    -- What fails, fails alone: the others of this call have nothing to do with it.
    if not ok then result = 'ERR ' .. tostring(type(result) == 'table' and result.err or result) end
    results[#results + 1] = result
    at = at + 2 + effects * 3
  end
  if #r.told > 1 then
    call('HSET', r.meta, 'head', r.headDigits, 'n', r.nDigits)
    if r.rules ~= tonumber(m[8]) then call('HSET', r.meta, 'policy', digits(r.rules)) end
    call('ZADD', r.dirty, 'NX', digits(now), room)
    r.told[1] = 'f ' .. r.epoch .. ' ' .. m[3] .. ' ' .. r.headDigits .. ' ['
    r.told[#r.told] = ']'
    call('PUBLISH', r.feed, table.concat(r.told))
  end
end
return results
