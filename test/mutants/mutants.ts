/** One mechanism of ours, broken on purpose, and the test that has to notice. */
export interface Mutant {
  guarantee: `G${number}`;
  /** What the mutation takes away, in a few words. */
  breaks: string;
  file: string;
  /** Must stand in the file exactly once. */
  find: string;
  replace: string;
  /** The test file, and a pattern of the titles that are run. */
  test: string;
  title?: string;
}

/** For each guarantee at least one: a test that passes on its mutant proves nothing. */
export const mutants: Mutant[] = [
  {
    guarantee: "G1",
    breaks: "the head is not raised with the append",
    file: "db/redis/scripts/append.lua",
    find: "redis.call('HSET', meta, 'head', seqDigits, 'n', digits(n), 'policy', policy)",
    replace: "redis.call('HSET', meta, 'n', digits(n), 'policy', policy)",
    test: "test/guarantees/g01-one-order.test.ts",
  },
  {
    guarantee: "G2",
    breaks: "the watermark is told before COMMIT",
    file: "workers/store.ts",
    find: "    await storeFacts(tx, batches);\n",
    replace:
      "    for (const b of batches) { const last = b.entries.at(-1); if (last) await noteStored(stores.link, { room: b.room, seq: last.fact.seq, keep: deps.keep }); }\n    await storeFacts(tx, batches);\n",
    test: "test/guarantees/g02-stored.test.ts",
  },
  {
    guarantee: "G3",
    breaks: "a new epoch begins right above what is stored",
    file: "db/seed-room.ts",
    find: "Math.max(row.base, end) + EPOCH_JUMP",
    replace: "Math.max(row.base, end)",
    test: "test/guarantees/g03-loss.test.ts",
  },
  {
    guarantee: "G10",
    breaks: "trimming does not stop at the watermark",
    file: "db/redis/scripts/stored.lua",
    find: "  if tonumber(seq) > stored then break end\n",
    replace: "",
    test: "test/guarantees/g10-trim.test.ts",
  },
  {
    guarantee: "G12",
    breaks: "workers do not sweep",
    file: "workers/sweep.ts",
    find: "  await drain(deps, { dirtyBeforeMs: deps.now() - OVERDUE_MS, shouldStop });\n",
    replace: "",
    test: "test/guarantees/g12-every-fact-is-drained.test.ts",
    title: "every job is deleted",
  },
  {
    guarantee: "G12",
    breaks: "the dirty mark goes although facts came meanwhile",
    file: "db/redis/scripts/stored.lua",
    find: "if stored >= head then redis.call('ZREM', dirty, room) end",
    replace: "redis.call('ZREM', dirty, room)",
    test: "test/guarantees/g12-every-fact-is-drained.test.ts",
    title: "keeps the room dirty",
  },
  {
    guarantee: "G13",
    breaks: "rooms are stored without their row locked",
    file: "db/postgres/store-facts.ts",
    find: "FOR UPDATE OF r SKIP LOCKED",
    replace: "",
    test: "test/guarantees/g13-once.test.ts",
    title: "eight drains",
  },
  {
    guarantee: "G13",
    breaks: "transactions of paused processes are left open",
    file: "workers/sweep.ts",
    find: "await endStalledTransactions(deps.stores.store)",
    replace: "0",
    test: "test/guarantees/g13-once.test.ts",
    title: "was paused",
  },
  {
    guarantee: "G14",
    breaks: "a batch with a poison entry is not bisected",
    file: "workers/store.ts",
    find: "    if (most > 1) return storeBisecting(deps, room, Math.ceil(most / 4));\n",
    replace: "",
    test: "test/guarantees/g14-poison.test.ts",
    title: "with a NUL",
  },
  {
    guarantee: "G14",
    breaks: "trouble of the moment is taken for poison",
    file: "workers/data-error.ts",
    find: "^(?:22|23|54)",
    replace: "^(?:22|23|53|54)",
    test: "test/guarantees/g14-poison.test.ts",
    title: "about the moment",
  },
  {
    guarantee: "G17",
    breaks: "text is not normalized at the door",
    file: "protocol/text.ts",
    find: '    .normalize("NFC")\n',
    replace: "",
    test: "test/guarantees/g17-byte-for-byte.test.ts",
    title: "not in NFC",
  },
  {
    guarantee: "G19",
    breaks: "bodies in the hot log are not rewritten",
    file: "db/redis/scripts/append.lua",
    find: "    if redis.call('HEXISTS', body, a) == 1 then redis.call('HSET', body, a, b) end\n",
    replace: "",
    test: "test/guarantees/g19-taken-back.test.ts",
    title: "takes the text and its edits",
  },
  {
    guarantee: "G19",
    breaks: "unstored changes are not read over Postgres",
    file: "db/history.ts",
    find: "return change === undefined ? fact : redact(fact, change);",
    replace: "return change === undefined ? fact : fact;",
    test: "test/guarantees/g19-taken-back.test.ts",
    title: "overruled by a removal",
  },
  {
    guarantee: "G19",
    breaks: "a change does not look whether another came first",
    file: "db/redis/scripts/append.lua",
    find: "    if last ~= ARGV[i + 2] then return {'MOVED'} end\n",
    replace: "",
    test: "test/guarantees/g19-taken-back.test.ts",
    title: "edit against removal",
  },
  {
    guarantee: "G20",
    breaks: "acts have no idempotency key",
    file: "db/pending-facts.ts",
    find: 'idempotency: { key: `${author}:${act}`, hash: "", bornMs, checked },',
    replace: "idempotency: null,",
    test: "test/guarantees/g20-acts.test.ts",
    title: "at once",
  },
  {
    guarantee: "G20",
    breaks: "nobody sweeps what a crash left behind",
    file: "workers/sweep.ts",
    find: "    await appendPending(deps.stores, room);\n",
    replace: "",
    test: "test/guarantees/g20-acts.test.ts",
    title: "is swept",
  },
];
