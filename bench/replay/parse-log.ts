import * as z from "zod";

import { parseIrcLine, type IrcLine } from "../../workers/imports/irc-line.ts";
import { InputError } from "./input-error.ts";

/** One line that somebody said. */
export interface LogLine {
  /** Where it stands in the file, from 1. */
  number: number;
  user: string;
  text: string;
  /** Seconds since some midnight; never less than the line before. */
  at: number;
}

/** A log as it was read. */
export interface Log {
  lines: LogLine[];
  /** Joins, parts, renames: what nobody said. */
  systemLines: number;
  /** How fine the times are, in seconds. */
  resolution: 1 | 60;
}

/**
 * Reads a chat log: JSON lines `{time, user, text, system?, action?}`, or plain text as IRC clients
 * write it. Errors: an InputError that names the first line that is not understood.
 */
export function parseLog(content: string): Log {
  const rows = content
    .split(/\r?\n/u)
    .map((text, i) => ({ number: i + 1, text }))
    .filter(({ text }) => text.trim() !== "");
  const log = rows[0]?.text.trimStart().startsWith("{") ? parseRows(rows) : parseText(rows);
  if (log.lines.length === 0) throw new InputError("Nobody says anything in this log.");
  return log;
}

interface NumberedText {
  number: number;
  text: string;
}

const Row = z.object({
  time: z.number(),
  user: z.string(),
  text: z.string(),
  system: z.boolean().default(false),
  action: z.boolean().default(false),
});

function parseRows(rows: NumberedText[]): Log {
  const lines: LogLine[] = [];
  let at = 0;
  for (const row of rows) {
    const { time, user, text, system, action } = parseRow(row);
    // A clock that was set back must not make later lines come first.
    at = Math.max(at, time);
    if (!system)
      lines.push({ number: row.number, user, text: action ? acted(user, text) : text, at });
  }
  return {
    lines,
    systemLines: rows.length - lines.length,
    resolution: lines.every((line) => line.at % 60 === 0) ? 60 : 1,
  };
}

function parseRow(row: NumberedText): z.infer<typeof Row> {
  try {
    return Row.parse(JSON.parse(row.text));
  } catch (cause) {
    throw notUnderstood(row, "is no row {time, user, text}", cause);
  }
}

/** A clock that goes back by more than this has passed midnight; by less, it was set back. */
const PASSED_MIDNIGHT_SECONDS = 2 * 60 * 60;
const DAY_SECONDS = 24 * 60 * 60;

function parseText(rows: NumberedText[]): Log {
  const lines: LogLine[] = [];
  let [at, day, hasSeconds] = [0, 0, false];
  for (const row of rows) {
    const line: IrcLine | null = parseIrcLine(row.text);
    if (line === null) {
      throw notUnderstood(row, "is neither `12:34 <nick> text` nor `12:34 * nick waves`");
    }
    if (line.time !== null) {
      if (day + line.time.seconds < at - PASSED_MIDNIGHT_SECONDS) day += DAY_SECONDS;
      at = Math.max(at, day + line.time.seconds);
      hasSeconds ||= line.time.fine;
    }
    if (line.kind === "system") continue;
    const text = line.kind === "action" ? acted(line.user, line.text) : line.text;
    lines.push({ number: row.number, user: line.user, text, at });
  }
  return { lines, systemLines: rows.length - lines.length, resolution: hasSeconds ? 1 : 60 };
}

/** What somebody does is said in the third person, as IRC clients show it. */
function acted(user: string, text: string): string {
  return `* ${user} ${text}`;
}

const MOST_SHOWN = 60;

function notUnderstood({ number, text }: NumberedText, why: string, cause?: unknown): InputError {
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return new InputError(`Line ${number} ${why}: ${JSON.stringify(shown)}`, { cause });
}
