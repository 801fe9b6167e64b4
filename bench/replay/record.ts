import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";

import * as z from "zod";

import { RoomId } from "../../protocol/ids.ts";
import { InputError } from "./input-error.ts";

const Head = z.object({
  kind: z.literal("replay"),
  log: z.string(),
  url: z.string(),
  room: RoomId,
  slug: z.string(),
  /** The room's head before: what stands at or below it is not of this replay. */
  after: z.int(),
  /** Messages that are to be sent. */
  lines: z.int(),
});

const Sent = z.object({
  kind: z.literal("sent"),
  line: z.int(),
  part: z.int(),
  clientId: z.string(),
  user: z.string(),
  text: z.string(),
  /** Where it was accepted. */
  seq: z.int(),
});

const Seen = z.object({
  kind: z.literal("seen"),
  seq: z.int(),
  clientId: z.string(),
  user: z.string(),
  text: z.string().nullable(),
});

const Row = z.discriminatedUnion("kind", [
  Sent,
  Seen,
  /** The listener was told that what it saw above `to` is lost. */
  z.object({ kind: z.literal("reset"), to: z.int() }),
  /** The replay got to its end. */
  z.object({ kind: z.literal("end") }),
]);

export type RecordHead = z.infer<typeof Head>;
export type RecordRow = z.infer<typeof Row>;
/** A line that was accepted. */
export type Sent = z.infer<typeof Sent>;
/** A message as somebody sees it. */
export type Seen = Omit<z.infer<typeof Seen>, "kind">;

/** What a replay leaves behind, for a second run to prove. */
export interface ReplayRecord extends RecordHead {
  sent: Sent[];
  /** The listener's view, in the order in which it came. */
  seen: Seen[];
  ended: boolean;
}

/** A record that is being written, a JSON line for each row. */
export interface RecordWriter {
  add: (row: RecordRow) => void;
  close: () => Promise<void>;
}

/** Begins a record. */
export function writeRecord(file: string, head: RecordHead): RecordWriter {
  const stream = createWriteStream(file);
  let problem: Error | null = null;
  stream.on("error", (error) => (problem = error));
  const add = (row: RecordHead | RecordRow) => void stream.write(`${JSON.stringify(row)}\n`);
  add(head);
  return {
    add,
    close: async () => {
      await new Promise<void>((resolve) => void stream.end(resolve));
      if (problem !== null) throw problem;
    },
  };
}

/** Reads a record. Errors: an InputError when it is none. */
export async function readRecord(file: string): Promise<ReplayRecord> {
  const content = await readFile(file, "utf8");
  const [head = "", ...rows] = content.trimEnd().split("\n");
  try {
    const record: ReplayRecord = {
      ...Head.parse(JSON.parse(head)),
      sent: [],
      seen: [],
      ended: false,
    };
    for (const row of rows) addTo(record, Row.parse(JSON.parse(row)));
    return record;
  } catch (cause) {
    throw new InputError(`${file} is no record of a replay.`, { cause });
  }
}

function addTo(record: ReplayRecord, row: RecordRow): void {
  switch (row.kind) {
    case "sent":
      record.sent.push(row);
      return;
    case "seen":
      record.seen.push(row);
      return;
    case "reset":
      record.seen = record.seen.filter(({ seq }) => seq <= row.to);
      return;
    case "end":
      record.ended = true;
  }
}
