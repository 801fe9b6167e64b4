import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { type Request, type Response, Router } from "express";
import * as z from "zod";

import { readMessagesNow } from "../../../db/messages.ts";
import { RoomRef } from "../../../protocol/ids.ts";
import type { Message } from "../../../protocol/shapes.ts";
import type { Tokens } from "../../auth/tokens.ts";
import type { Deps, RoomCall } from "../../rooms/act.ts";
import { refuseBanned } from "../../rooms/refuse-banned.ts";
import { signedIn } from "../../rooms/signed-in.ts";
import { openCall } from "../carry-out.ts";
import { clientIp } from "../client-ip.ts";
import type { Limiter } from "../limiter.ts";
import { parseQuery } from "./parse-query.ts";
import { callerOf } from "./rest-caller.ts";

/** What an export works with. */
export interface ExportOptions {
  deps: Deps;
  tokens: Tokens;
  limiter: Limiter;
  trustProxyHops: number;
}

const PAGE = 1_000;
const Asked = z.object({
  room: RoomRef,
  format: z.enum(["jsonl", "text"], { error: "jsonl or text" }).default("jsonl"),
});
const types = {
  jsonl: { contentType: "application/jsonl; charset=utf-8", ending: "jsonl" },
  text: { contentType: "text/plain; charset=utf-8", ending: "txt" },
} as const;

/**
 * `GET /rooms/:room/export`: all messages of a room as they are now, oldest first, as JSON Lines that can
 * be imported again or as text to read. It is sent as it is read, however long the room is.
 */
export function exportRouter(options: ExportOptions): Router {
  const router = Router({ caseSensitive: true });
  router.get("/rooms/:room/export", (request, response) => sendExport(options, request, response));
  return router;
}

async function sendExport(options: ExportOptions, request: Request, response: Response) {
  const { deps, tokens, limiter, trustProxyHops } = options;
  const caller = signedIn(await callerOf(tokens, request, "reader"));
  await limiter.take("command", { user: caller.user, ip: clientIp(request, trustProxyHops) });
  const { room, format } = parseQuery(Asked, { ...request.params, ...request.query });
  const call = await openCall(deps, caller, "message:list", room);
  await refuseBanned(deps, call);
  const { contentType, ending } = types[format];
  response.setHeader("Content-Type", contentType);
  response.setHeader(
    "Content-Disposition",
    `attachment; filename="${call.rules.row.slug}.${ending}"`,
  );
  const write = format === "jsonl" ? asJson : asText;
  await pipeline(Readable.from(linesOf(deps, call, write)), response);
}

/** A page of lines at a time, up to where the room was when it was asked for. */
async function* linesOf(
  { stores }: Deps,
  call: RoomCall,
  write: (message: Message) => string,
): AsyncGenerator<string> {
  const ask = { room: call.rules.row.id, viewer: call.caller.user.id, newestFirst: false };
  let after = 0;
  for (;;) {
    const page = { ...ask, after, before: Number.MAX_SAFE_INTEGER, limit: PAGE };
    const { messages, more } = await readMessagesNow(stores, page);
    if (messages.length > 0) yield messages.map(write).join("");
    const last = messages.at(-1);
    if (!more || last === undefined) return;
    after = last.seq;
  }
}

function asJson({ seq, at, by, text, replyTo, editedAt, removed, reactions }: Message): string {
  const counted = reactions.map(({ emoji, count }) => ({ emoji, count }));
  const line = { seq, at, by, text, replyTo, editedAt, removed };
  return `${JSON.stringify({ ...line, ...(counted.length > 0 && { reactions: counted }) })}\n`;
}

/** As IRC clients write logs; each line of a message stands for itself. */
function asText({ at, by, text, removed }: Message): string {
  const stamp = `[${at.slice(0, 10)} ${at.slice(11, 19)}]`;
  if (removed !== undefined || text === undefined) return `${stamp} -!- a message was removed\n`;
  return text
    .split("\n")
    .map((line) => `${stamp} <${by.name}> ${line}\n`)
    .join("");
}
