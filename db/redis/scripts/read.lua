-- Reads the hot log after or before a position, with where the log stands at that moment.
--
-- What holds: position and entries are of one instant, so `floor` (the position above which the
-- hot log is complete) can be trusted; what lies at or below it is in Postgres (G5, G10).
--
-- KEYS 1 log, 2 body, 3 meta
-- ARGV 1 "after" or "before", 2 position, 3 limit
-- Result {run, epoch, head, stored, n, policy, floor, seq, n, fact, seq, n, fact, …} in ascending order,
--        {} when there is no log
local log, body, meta = KEYS[1], KEYS[2], KEYS[3]
local way, position, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function digits(number) return string.format('%.0f', number) end

local m = redis.call('HMGET', meta, 'run', 'epoch', 'head', 'stored', 'n', 'policy', 'eras')
if not m[1] then return {} end

-- Stream ids are epoch-seq. The era of a seq is the last one that began below it.
local function idAt(seq, fallback)
  local found = fallback
  for epoch, base in string.gmatch(m[7], '(%d+):(%d+);') do
    if tonumber(base) <= seq then found = epoch .. '-' .. digits(seq) end
  end
  return found
end

local function seqOf(id) return string.match(id, '-(%d+)$') end

local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local floor = m[3]
if first then
  floor = digits(tonumber(seqOf(first[1])) - 1)
end

local result = {m[1], m[2], m[3], m[4], m[5], m[6], floor}

local entries
if way == 'before' then
  local start = idAt(position - 1, nil)
  entries = {}
  if start then
    local back = redis.call('XREVRANGE', log, start, '-', 'COUNT', limit)
    for i = #back, 1, -1 do entries[#entries + 1] = back[i] end
  end
else
  local start = idAt(position, nil)
  entries = redis.call('XRANGE', log, start and ('(' .. start) or '-', '+', 'COUNT', limit)
end

-- unpack is bounded by the Lua stack, so bodies are read a few hundred at a time.
for from = 1, #entries, 500 do
  local seqs = {}
  for i = from, math.min(from + 499, #entries) do seqs[#seqs + 1] = seqOf(entries[i][1]) end
  local bodies = redis.call('HMGET', body, unpack(seqs))
  for i = 1, #seqs do
    local entry = entries[from + i - 1]
    result[#result + 1] = seqs[i]
    result[#result + 1] = entry[2][2]
    result[#result + 1] = bodies[i] or ''
  end
end
return result
