import express, { type RequestHandler, type Response, Router } from "express";

import { commandNames, commands } from "../../../protocol/commands.ts";
import { Refusal } from "../../../protocol/errors.ts";
import { MAX_FRAME_BYTES } from "../../../protocol/limits.ts";
import type { Tokens } from "../../auth/tokens.ts";
import type { Metrics } from "../../metrics.ts";
import type { Deps } from "../../rooms/act.ts";
import type { ActName } from "../../rooms/acts.ts";
import { carryOut } from "../carry-out.ts";
import { clientIp } from "../client-ip.ts";
import type { Allowance, Limiter } from "../limiter.ts";
import { parseInput } from "../parse-input.ts";
import { toRefusal } from "../to-refusal.ts";
import { auditExportRouter } from "./audit-export.ts";
import { exportRouter } from "./export.ts";
import { importPartsRouter } from "./import-parts.ts";
import { personExportRouter } from "./person-export.ts";
import { callerOf } from "./rest-caller.ts";
import { inputReader } from "./rest-input.ts";

/** What REST works with. */
export interface RestOptions {
  deps: Deps;
  tokens: Tokens;
  limiter: Limiter;
  metrics: Metrics;
  trustProxyHops: number;
  isDraining: () => boolean;
}

/** The REST twin of every command that has one, to be mounted under /v1. */
export function restRouter(options: RestOptions): Router {
  const router = Router({ caseSensitive: true });
  router.use(async (request, response, next) => {
    if (options.isDraining()) {
      response.setHeader("Connection", "close");
      throw new Refusal("unavailable", "This gateway is stopping; ask again.", {
        retryAfterMs: 1_000,
      });
    }
    const allowance = await options.limiter.takeRequest(clientIp(request, options.trustProxyHops));
    showAllowance(response, allowance);
    next();
  });
  router.use(
    importPartsRouter(options),
    exportRouter(options),
    auditExportRouter(options),
    personExportRouter(options),
  );
  router.use(express.json({ limit: MAX_FRAME_BYTES, strict: true }));
  for (const name of commandNames) {
    const { rest } = commands[name];
    if (rest === null) continue;
    const method = rest.method.toLowerCase() as Lowercase<typeof rest.method>;
    // Only connection commands have no REST twin, so what is left has an act.
    router[method](rest.path, handler(options, name as ActName, rest.status));
  }
  router.use(() => {
    throw new Refusal("not_found", "There is no such route; see /docs.");
  });
  return router;
}

function handler(options: RestOptions, name: ActName, status: number): RequestHandler {
  const readInput = inputReader(name);
  const { metrics, limiter, deps } = options;
  return async (request, response) => {
    const startedAt = performance.now();
    let outcome = "ok";
    try {
      const caller = await callerOf(options.tokens, request, commands[name].who);
      const ip = clientIp(request, options.trustProxyHops);
      const allowance = await limiter.take(commands[name].rate, { user: caller?.user ?? null, ip });
      showAllowance(response, allowance);
      const input = parseInput(name, readInput(request));
      const data = await carryOut(deps, caller, name, input);
      response.status(status);
      if (status === 204) response.end();
      else response.json(data);
    } catch (error) {
      outcome = toRefusal(error)?.code ?? "bug";
      throw error;
    } finally {
      metrics.commands.inc({ command: name, transport: "rest", outcome });
      metrics.ackSeconds.observe({ command: name }, (performance.now() - startedAt) / 1_000);
    }
  };
}

/** Shows a limit (draft-ietf-httpapi-ratelimit-headers). */
function showAllowance(response: Response, allowance: Allowance | null): void {
  if (allowance === null) return;
  const { policy, limit, windowSeconds, remaining, resetSeconds } = allowance;
  response.setHeader("RateLimit-Policy", `"${policy}";q=${limit};w=${windowSeconds}`);
  response.setHeader("RateLimit", `"${policy}";r=${remaining};t=${resetSeconds}`);
}
