import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

import { z } from "zod";

import type { Message } from "../../workers/conversations/message.ts";

/**
 * A line of a log in which people noted what each message answers: its own id where it starts a
 * conversation. Lines that are not annotated are what was said before.
 */
const lineSchema = z.object({
  id: z.int(),
  /** Unix time, s. */
  time: z.number(),
  user: z.string(),
  text: z.string(),
  /** Joins, parts and renames: said by nobody. */
  system: z.boolean(),
  annotated: z.boolean(),
  parents: z.array(z.int()),
});
export type Line = z.infer<typeof lineSchema>;

export interface AnnotatedLog {
  name: string;
  lines: Line[];
}

/** Reads the annotated logs of a folder: `*.jsonl`, a line of JSON each. Errors: none there; ill-formed. */
export async function readAnnotatedLogs(folder: string): Promise<AnnotatedLog[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".jsonl")).toSorted();
  if (files.length === 0) throw new Error(`There is no annotated log (*.jsonl) in ${folder}.`);
  return Promise.all(
    files.map(async (file) => {
      const rows = (await readFile(path.join(folder, file), "utf8")).split("\n").filter(Boolean);
      const lines = rows.map((row) => lineSchema.parse(JSON.parse(row)));
      return { name: path.basename(file, ".jsonl"), lines };
    }),
  );
}

/** A line as a room would have it. */
export function messageOf({ id, time, user, text }: Line): Message {
  return { seq: id, atMs: time * 1_000, author: { id: user, name: user }, text };
}

/** What a line answers; its own id alone when it starts a conversation. */
export function goldParents({ id, parents }: Line): number[] {
  return parents.length === 0 ? [id] : parents;
}
