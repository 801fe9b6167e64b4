import { cleanLine, cleanName } from "../../workers/imports/clean-line.ts";
import type { Log, LogLine } from "./parse-log.ts";

/** One message to send. */
export interface ScriptLine {
  /** Line in the file, and which of the messages that it became. */
  line: number;
  part: number;
  user: string;
  name: string;
  text: string;
  /** When it was said, in milliseconds since the first one. */
  dueMs: number;
}

/** What is to be sent, and what became of the log on the way. */
export interface Script {
  lines: ScriptLine[];
  users: number;
  /** From the first to the last, in milliseconds. */
  lengthMs: number;
  counts: {
    lines: number;
    systemLines: number;
    /** Lines that lost control characters or broken ones. */
    cleaned: number;
    /** Lines that became several messages. */
    split: number;
    /** Lines of which nothing was left. */
    blank: number;
  };
}

/** Makes of a log the messages to send, each with its time. */
export function writeScript(log: Log): Script {
  const lines: ScriptLine[] = [];
  const counts = { lines: log.lines.length, systemLines: log.systemLines };
  let [cleaned, split, blank] = [0, 0, 0];
  const times = spread(log);
  for (const [i, { number, user, text }] of log.lines.entries()) {
    const clean = cleanLine(text);
    if (clean.cleaned) cleaned += 1;
    if (clean.parts.length > 1) split += 1;
    if (clean.parts.length === 0) blank += 1;
    for (const [part, piece] of clean.parts.entries()) {
      const dueMs = times[i] ?? 0;
      lines.push({ line: number, part, user, name: cleanName(user), text: piece, dueMs });
    }
  }
  return {
    lines,
    users: new Set(lines.map(({ user }) => user)).size,
    lengthMs: lines.at(-1)?.dueMs ?? 0,
    counts: { ...counts, cleaned, split, blank },
  };
}

/** Lines of one minute are spread evenly over it: a log that tells minutes has no bursts at each full one. */
function spread({ lines, resolution }: Log): number[] {
  const sizes = new Map<number, number>();
  for (const { at } of lines) sizes.set(at, (sizes.get(at) ?? 0) + 1);
  const used = new Map<number, number>();
  const start = lines[0]?.at ?? 0;
  return lines.map(({ at }: LogLine) => {
    const before = used.get(at) ?? 0;
    used.set(at, before + 1);
    return Math.round((at - start + (resolution * before) / (sizes.get(at) ?? 1)) * 1_000);
  });
}
