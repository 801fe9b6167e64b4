-- Notes that everything up to a seq is committed, tells the members, and trims.
--
-- What holds: called after COMMIT only (G2). The dirty mark goes only when nothing was appended
-- since the rows were read, so a wake-up is never lost (G12). Only stored entries are ever trimmed,
-- and the newest `keep` stay (G10).
--
-- KEYS 1 log, 2 body, 3 meta, 4 changes, 5 dirty
-- ARGV 1 room, 2 channel, 3 storedSeq, 4 keep (facts, at least 1), 5 most entries to trim in this call
-- Result {stored, trimmed}
local log, body, meta, changes, dirty = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local room, channel, upTo = ARGV[1], ARGV[2], tonumber(ARGV[3])
local keep, most = tonumber(ARGV[4]), tonumber(ARGV[5])

local function digits(number) return string.format('%.0f', number) end

local m = redis.call('HMGET', meta, 'epoch', 'head', 'stored', 'eras')
if not m[1] then return {'0', '0'} end
local head, stored = tonumber(m[2]), tonumber(m[3])

if upTo > stored then
  stored = upTo
  redis.call('HSET', meta, 'stored', digits(stored))
  redis.call('PUBLISH', channel, 's ' .. m[1] .. ' ' .. digits(stored))
end
if stored >= head then redis.call('ZREM', dirty, room) end

-- Trimming a few entries costs about as much as trimming many: a quarter more than `keep` may wait.
local excess = redis.call('XLEN', log) - keep
if excess <= 0 or excess < keep / 4 then return {digits(stored), '0'} end
excess = math.min(excess, most)
local entries = redis.call('XRANGE', log, '-', '+', 'COUNT', excess)
local gone = {}
for i = 1, #entries do
  local id, fields = entries[i][1], entries[i][2]
  local seq = string.match(id, '-(%d+)$')
  if tonumber(seq) > stored then break end
  gone[#gone + 1] = seq
  if fields[3] == 't' then
    local change = redis.call('HGET', changes, fields[4])
    if change and string.match(change, '^%d+') == seq then redis.call('HDEL', changes, fields[4]) end
  end
end
if #gone == 0 then return {digits(stored), '0'} end
for from = 1, #gone, 500 do
  redis.call('HDEL', body, unpack(gone, from, math.min(from + 499, #gone)))
end
local oldestId = entries[#gone][1]
oldestId = redis.call('XRANGE', log, '(' .. oldestId, '+', 'COUNT', 1)[1][1]
redis.call('XTRIM', log, 'MINID', oldestId)
-- Eras that ended below the oldest entry are not needed to find it any more.
local epochs = {}
local oldest = tonumber(string.match(oldestId, '^%d+'))
for epoch, base in string.gmatch(m[4], '(%d+):(%d+);') do
  if tonumber(epoch) >= oldest then epochs[#epochs + 1] = epoch .. ':' .. base .. ';' end
end
redis.call('HSET', meta, 'eras', table.concat(epochs))
return {digits(stored), digits(#gone)}
