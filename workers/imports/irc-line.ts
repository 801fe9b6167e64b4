/** One line of an IRC client's log. */
export type IrcLine = { time: IrcTime | null } & (
  | { kind: "said" | "action"; user: string; text: string }
  | { kind: "system" }
);

/** A time of day. `fine`: told to the second. */
export interface IrcTime {
  seconds: number;
  fine: boolean;
}

/**
 * Reads `[12:34] <nick> text`, `12:34 <nick> text`, `12:34 * nick waves`, each also without its time,
 * and what clients note of joins, parts and days. Null when it is none of these.
 */
export function parseIrcLine(line: string): IrcLine | null {
  const stamp = STAMP.exec(line);
  const time = stamp === null ? null : timeOf(stamp);
  if (stamp !== null && time === null) return null;
  const rest = line.slice(stamp?.[0].length ?? 0);
  if (SYSTEM.test(rest)) return { time, kind: "system" };
  const [, nick, said] = SAID.exec(rest) ?? [];
  if (nick !== undefined) return { time, kind: "said", user: nick, text: said ?? "" };
  const [, actor, did] = ACTION.exec(rest) ?? [];
  if (actor !== undefined) return { time, kind: "action", user: actor, text: did ?? "" };
  return null;
}

/** With brackets or without, with seconds or without. */
const STAMP = /^\[?(\d{1,2}):(\d{2})(?::(\d{2}))?\]?\s+/u;
/** The sign before a nick is its rank in the channel. */
const SAID = /^<[ @+%~&]?([^<>\s]+)> ?(.*)$/u;
const ACTION = /^ ?\* ([^*\s]+) (.*)$/u;
const SYSTEM = /^(?:-!-|-->|<--|---|===|\*\*\*)(?:\s|$)/u;

function timeOf([, hours, minutes, seconds]: RegExpExecArray): IrcTime | null {
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds ?? 0)];
  if (h > 23 || m > 59 || s > 59) return null;
  return { seconds: h * 3_600 + m * 60 + s, fine: seconds !== undefined };
}
