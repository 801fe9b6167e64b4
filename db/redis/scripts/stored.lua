-- Notes for each room that everything up to a seq is committed, tells the members, and trims.
--
-- What holds: called after COMMIT only (G2). The dirty mark goes only when nothing was appended
-- since the rows were read, so a wake-up is never lost (G12). Only stored entries are ever trimmed,
-- and the newest `keep` stay (G10).
--
-- KEYS 1 the dirty index of a bucket, which says where the call belongs; `roomKeys` (keys.ts) makes the
--        keys of each room
-- ARGV 1 keep (facts, at least 1), 2 most entries to trim of a room in this call
--      3.. for each room: its bucket's tag, its id, storedSeq
-- Result what failed: a room and why, each; the others are done
local keep, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local call = redis.call

local function digits(number) return string.format('%.0f', number) end

local function seqOf(id) return tonumber(string.match(id, '-(%d+)$')) end

-- unpack is bounded by the Lua stack, so fields go a few hundred at a time.
local function dropFields(hash, seqs)
  for from = 1, #seqs, 500 do
    call('HDEL', hash, unpack(seqs, from, math.min(from + 499, #seqs)))
  end
end

-- A clean-up changed many: rare enough to look through all that is known of changes.
local function forgetAllOf(changes, seq)
  local all, gone = call('HGETALL', changes), {}
  for i = 1, #all, 2 do
    if string.match(all[i + 1], '^%d+') == seq then gone[#gone + 1] = all[i] end
  end
  dropFields(changes, gone)
end

-- The stored ones among the oldest entries, where some may be changes or of an earlier era: read one by
-- one, and what a change made of its target is forgotten with it.
local function dropOneByOne(log, body, changes, excess, stored)
  local entries, gone = call('XRANGE', log, '-', '+', 'COUNT', excess), {}
  for i = 1, #entries do
    local id, fields = entries[i][1], entries[i][2]
    local seq = string.match(id, '-(%d+)$')
    if tonumber(seq) > stored then break end
    gone[#gone + 1] = seq
    if fields[3] == 't' then
      if fields[4] == '*' then
        forgetAllOf(changes, seq)
      else
        local change = call('HGET', changes, fields[4])
        if change and string.match(change, '^%d+') == seq then call('HDEL', changes, fields[4]) end
      end
    end
  end
  if #gone == 0 then return end
  dropFields(body, gone)
  local next = call('XRANGE', log, '(' .. entries[#gone][1], '+', 'COUNT', 1)[1][1]
  call('XTRIM', log, 'MINID', next)
end

-- The same where the oldest entries are of the present era, whose seqs have no gaps, and nothing was
-- changed: their seqs are known without reading them.
local function dropRange(log, body, epoch, first, excess, stored)
  local last, gone = math.min(first + excess - 1, stored), {}
  for seq = first, last do gone[#gone + 1] = digits(seq) end
  if #gone == 0 then return end
  dropFields(body, gone)
  call('XTRIM', log, 'MINID', epoch .. '-' .. digits(last + 1))
end

local function trim(log, body, meta, changes, epoch, stored, eras)
  -- Trimming a few entries costs about as much as trimming many: a quarter more than `keep` may wait.
  local excess = call('XLEN', log) - keep
  if excess <= 0 or excess < keep / 4 then return end
  excess = math.min(excess, most)
  local oldest = call('XRANGE', log, '-', '+', 'COUNT', 1)[1][1]
  if string.match(oldest, '^%d+') == epoch and call('EXISTS', changes) == 0 then
    return dropRange(log, body, epoch, seqOf(oldest), excess, stored)
  end
  dropOneByOne(log, body, changes, excess, stored)
  -- Eras that ended below the oldest entry are not needed to find it any more.
  local kept = {}
  oldest = tonumber(string.match(call('XRANGE', log, '-', '+', 'COUNT', 1)[1][1], '^%d+'))
  for era, base in string.gmatch(eras, '(%d+):(%d+);') do
    if tonumber(era) >= oldest then kept[#kept + 1] = era .. ':' .. base .. ';' end
  end
  call('HSET', meta, 'eras', table.concat(kept))
end

local function note(tag, room, upTo)
  local log, body, meta, _, _, _, _, changes, feed, dirty = roomKeys(tag, room)
  local m = call('HMGET', meta, 'epoch', 'head', 'stored', 'eras')
  if not m[1] then return end
  local head, stored = tonumber(m[2]), tonumber(m[3])
  if upTo > stored then
    stored = upTo
    call('HSET', meta, 'stored', digits(stored))
    call('PUBLISH', feed, 's ' .. m[1] .. ' ' .. digits(stored))
  end
  if stored >= head then call('ZREM', dirty, room) end
  trim(log, body, meta, changes, m[1], stored, m[4])
end

local failures = {}
for i = 3, #ARGV, 3 do
  local ok, why = pcall(note, ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]))
  if not ok then
    failures[#failures + 1] = ARGV[i + 1] .. ' ' .. tostring(type(why) == 'table' and why.err or why)
  end
end
return failures
