import { expect, test } from "@jest/globals";
import { pino } from "pino";

import { warnSparingly } from "../../db/warn-sparingly.ts";

test("a thousand rooms in the same trouble are one line a second, and none goes uncounted", () => {
  const lines: { msg: string; unsaid?: number; err: { message: string } }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as never) });
  let nowMs = 0;
  const warn = warnSparingly(log, "a feed has trouble", () => nowMs);
  for (let i = 0; i < 1_000; i += 1) warn(new Error(`Redis is away: ${i}`));
  nowMs = 999;
  warn(new Error("still away"));
  nowMs = 1_000;
  warn(new Error("another second"));
  nowMs = 2_000;
  warn(new Error("the last"));
  expect(lines).toMatchObject([
    { msg: "a feed has trouble", err: { message: "Redis is away: 0" } },
    { err: { message: "another second" }, unsaid: 1_000 },
    { err: { message: "the last" } },
  ]);
  expect(lines[2]?.unsaid).toBeUndefined();
});
