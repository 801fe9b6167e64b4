import { JSONParser } from "@streamparser/json";
import * as z from "zod";

import { type ImportSource, type Said, Unreadable } from "./said.ts";

/** What people say; everything else is the service's own (joins, pins, boosts). */
const SPOKEN = new Set(["Default", "Reply", "ThreadStarterMessage"]);

const Message = z.object({
  id: z.string(),
  type: z.string(),
  timestamp: z.iso.datetime({ offset: true }),
  timestampEdited: z.iso.datetime({ offset: true }).nullish(),
  content: z.string(),
  author: z.object({ id: z.string(), name: z.string(), nickname: z.string().nullish() }),
  attachments: z.array(z.object({ url: z.string() })).default([]),
  reference: z.object({ messageId: z.string().nullish() }).nullish(),
});

/** Reads a channel as DiscordChatExporter writes it in JSON: one document, which may be of any size. */
export async function* readDiscord(source: ImportSource): AsyncGenerator<Said> {
  const found: unknown[] = [];
  const parser = new JSONParser({ paths: ["$.messages.*"], keepStack: false });
  parser.onValue = ({ value }) => void found.push(value);
  let number = 0;
  let bytes = 0;
  for await (const chunk of source.chunks()) {
    try {
      parser.write(chunk);
    } catch (cause) {
      throw new Unreadable("The file is not JSON as DiscordChatExporter writes it.", { cause });
    }
    for (const value of found.splice(0)) {
      number += 1;
      const said = saidIn(value);
      if (typeof said === "object" && said !== null) yield said;
      else source.onSkipped(said === null ? null : `Message ${number} ${said}.`);
    }
    bytes += chunk.length;
    source.onProgress(bytes / source.bytes);
  }
}

/** Null for what nobody said, words for what is wrong. */
function saidIn(value: unknown): Said | string | null {
  const message = Message.safeParse(value);
  if (!message.success) return "lacks its id, time, author or content";
  const { id, type, timestamp, timestampEdited, content, author, attachments, reference } =
    message.data;
  if (!SPOKEN.has(type)) return null;
  return {
    key: id,
    replyTo: reference?.messageId ?? null,
    at: Date.parse(timestamp),
    author: { key: author.id, name: author.nickname ?? author.name },
    text: [content, ...attachments.map(({ url }) => url)].filter((part) => part !== "").join("\n"),
    editedAt: typeof timestampEdited === "string" ? Date.parse(timestampEdited) : null,
  };
}
