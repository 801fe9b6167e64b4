import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { type Request, type Response, Router } from "express";
import * as z from "zod";

import { auditFormats, auditLines } from "../../../db/audit-lines.ts";
import { PLATFORM_CHAIN } from "../../../db/postgres/audit.ts";
import { RoomRef, Time, UserId } from "../../../protocol/ids.ts";
import { Title } from "../../../protocol/text.ts";
import { asAdministrator } from "../../rooms/as-administrator.ts";
import { refuseBanned } from "../../rooms/refuse-banned.ts";
import { signedIn } from "../../rooms/signed-in.ts";
import { openCall } from "../carry-out.ts";
import { clientIp } from "../client-ip.ts";
import type { ExportOptions } from "./export.ts";
import { parseQuery } from "./parse-query.ts";
import { callerOf } from "./rest-caller.ts";

const filter = {
  format: z.enum(auditFormats, { error: "jsonl or csv" }).default("jsonl"),
  actor: UserId.optional(),
  target: UserId.optional(),
  action: z.string().max(64).optional(),
  rule: Title.optional(),
  since: Time.optional(),
  until: Time.optional(),
};
const OfRoom = z.strictObject({ room: RoomRef, ...filter });
const OfPlatform = z.strictObject(filter);

const contentTypes = {
  jsonl: "application/jsonl; charset=utf-8",
  csv: "text/csv; charset=utf-8",
} as const;

/**
 * `GET /rooms/:room/audit/export` for moderators, `GET /audit/export` (what was done on the whole
 * platform) for administrators: all entries that fit, the newest first, sent as they are read.
 */
export function auditExportRouter(options: ExportOptions): Router {
  const router = Router({ caseSensitive: true });
  router.get("/rooms/:room/audit/export", async (request, response) => {
    const caller = await allowed(options, request);
    const asked = parseQuery(OfRoom, { ...request.params, ...request.query });
    const call = await openCall(options.deps, caller, "audit:list", asked.room);
    await refuseBanned(options.deps, call);
    const { row } = call.rules;
    const { room: _room, ...rest } = asked;
    await send(options, response, { ...rest, chain: row.id, name: row.slug });
  });
  router.get("/audit/export", async (request, response) => {
    asAdministrator(await allowed(options, request));
    const asked = parseQuery(OfPlatform, { ...request.query });
    await send(options, response, { ...asked, chain: PLATFORM_CHAIN, name: "platform" });
  });
  return router;
}

async function allowed({ tokens, limiter, trustProxyHops }: ExportOptions, request: Request) {
  const caller = signedIn(await callerOf(tokens, request, "moderator"));
  await limiter.take("command", { user: caller.user, ip: clientIp(request, trustProxyHops) });
  return caller;
}

async function send(
  { deps }: ExportOptions,
  response: Response,
  asked: z.output<typeof OfPlatform> & { chain: typeof PLATFORM_CHAIN; name: string },
): Promise<void> {
  const { chain, name, format, ...wanted } = asked;
  response.setHeader("Content-Type", contentTypes[format]);
  response.setHeader("Content-Disposition", `attachment; filename="audit-${name}.${format}"`);
  const lines = auditLines(deps.stores.store, { chain, format, filter: wanted });
  await pipeline(Readable.from(lines), response);
}
