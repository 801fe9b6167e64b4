import * as z from "zod";

import { readLines } from "./read-lines.ts";
import type { ImportSource, Said } from "./said.ts";

/** A line of our own export, or of whoever writes one like it. */
const Line = z.object({
  seq: z.int().optional(),
  at: z.iso.datetime({ offset: true }),
  by: z.object({ id: z.string().min(1).max(200), name: z.string() }),
  text: z.string().optional(),
  replyTo: z.int().optional(),
  editedAt: z.iso.datetime({ offset: true }).optional(),
});

/** Reads JSON Lines `{at, by: {id, name}, text, seq?, replyTo?, editedAt?}`; what has no text was removed. */
export async function* readJsonl(source: ImportSource): AsyncGenerator<Said> {
  for await (const { number, text: json } of readLines(source)) {
    const line = Line.safeParse(parsed(json));
    if (!line.success || line.data.text === undefined) {
      source.onSkipped(
        line.success ? null : `Line ${number} is no \`{at, by: {id, name}, text}\`.`,
      );
      continue;
    }
    const { seq, at, by, text, replyTo, editedAt } = line.data;
    yield {
      key: seq === undefined ? null : String(seq),
      replyTo: replyTo === undefined ? null : String(replyTo),
      at: Date.parse(at),
      author: { key: by.id, name: by.name },
      text,
      editedAt: editedAt === undefined ? null : Date.parse(editedAt),
    };
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
