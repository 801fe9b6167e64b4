import { appendFileSync, readFileSync, writeFileSync } from "node:fs";

/** A line that was sent. */
export interface Sent {
  clientId: string;
  who: string;
  text: string;
}

/** A message as somebody saw it. */
export interface Seen {
  seq: number;
  clientId: string;
  text: string;
}

/** What a replay leaves behind, to be proved by a second run. */
export interface Record {
  url: string;
  room: string;
  /** Of the one who listened. */
  token: string;
  sent: Sent[];
  live: Seen[];
}

/** Writes a record as it grows, a JSON line each. */
export function openRecord(file: string, head: Pick<Record, "url" | "room" | "token">) {
  writeFileSync(file, `${JSON.stringify(head)}\n`, { mode: 0o600 });
  const add = (row: object) => appendFileSync(file, `${JSON.stringify(row)}\n`);
  return {
    sent: (sent: Sent) => add({ sent }),
    live: (seen: Seen) => add({ live: seen }),
    /** Messages above this seq were lost with Redis, and are sent again. */
    reset: (to: number) => add({ reset: to }),
  };
}

/** Reads a record. Errors: when it is none. */
export function readRecord(file: string): Record {
  const [head = "{}", ...rows] = readFileSync(file, "utf8").trimEnd().split("\n");
  const record = { ...(JSON.parse(head) as Record), sent: [] as Sent[], live: [] as Seen[] };
  if (typeof record.room !== "string") throw new Error(`${file} is no record of a replay.`);
  for (const row of rows) {
    const { sent, live, reset } = JSON.parse(row) as { sent?: Sent; live?: Seen; reset?: number };
    if (sent !== undefined) record.sent.push(sent);
    if (live !== undefined) record.live.push(live);
    if (reset !== undefined) record.live = record.live.filter(({ seq }) => seq <= reset);
  }
  return record;
}
