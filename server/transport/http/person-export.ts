import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { Router } from "express";

import { personLines } from "../../../db/person-export.ts";
import { signedIn } from "../../rooms/signed-in.ts";
import { clientIp } from "../client-ip.ts";
import type { ExportOptions } from "./export.ts";
import { callerOf } from "./rest-caller.ts";

/** `GET /me/export`: everything that is kept about the caller, as JSON Lines, sent as it is read. */
export function personExportRouter(options: ExportOptions): Router {
  const { deps, tokens, limiter, trustProxyHops } = options;
  const router = Router({ caseSensitive: true });
  router.get("/me/export", async (request, response) => {
    const { user } = signedIn(await callerOf(tokens, request, "signed-in"));
    await limiter.take("room", { user, ip: clientIp(request, trustProxyHops) });
    response.setHeader("Content-Type", "application/jsonl; charset=utf-8");
    response.setHeader("Content-Disposition", 'attachment; filename="eddy-my-data.jsonl"');
    await pipeline(Readable.from(personLines(deps.stores.store, user.id)), response);
  });
  return router;
}
