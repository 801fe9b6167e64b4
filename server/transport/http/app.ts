import cors from "cors";
import express, { type ErrorRequestHandler, type Express, type Router } from "express";
import helmet from "helmet";
import type { Logger } from "pino";

import { Refusal } from "../../../protocol/errors.ts";
import { MAX_FRAME_BYTES } from "../../../protocol/limits.ts";
import { isAllowed } from "../allowed-origin.ts";
import { somethingWentWrong, toRefusal } from "../to-refusal.ts";
import { sendProblem } from "./problem.ts";

export interface AppOptions {
  allowedOrigins: string[];
  trustProxyHops: number;
  log: Logger;
  rest: Router;
  health: Router;
  docs: Router;
  /** What people see in a browser. */
  page: Router;
  /** Bull Board, when there is an admin token. */
  queueBoard: Router | null;
}

/** Puts the gateway's HTTP together. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", options.trustProxyHops);
  app.set("query parser", "simple");
  app.use(options.health);
  // Before helmet: its page runs inline scripts, and only operators see it.
  if (options.queueBoard !== null) app.use(options.queueBoard);
  app.use(helmet());
  app.use(options.docs);
  app.use(
    "/v1",
    cors({
      origin: (origin, decide) =>
        decide(null, origin === undefined || isAllowed(origin, options.allowedOrigins)),
      exposedHeaders: ["RateLimit", "RateLimit-Policy", "Retry-After"],
      maxAge: 600,
    }),
    options.rest,
  );
  app.use(options.page);
  app.use(() => {
    throw new Refusal("not_found", "There is no such page; see /docs.");
  });
  app.use(errorHandler(options.log));
  return app;
}

/** Answers whatever was thrown: express tells an error handler by its four parameters. */
function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    let refusal = toRefusal(error) ?? bodyRefusal(error);
    if (refusal === null) {
      log.error({ err: error }, "a request failed");
      refusal = somethingWentWrong(error);
    }
    sendProblem(response, refusal);
  };
}

/** What express and its body parser refuse by themselves, in our codes. */
function bodyRefusal(error: unknown): Refusal | null {
  const { status } = (error ?? {}) as { status?: unknown };
  if (status === 413) {
    return new Refusal("too_large", `The body is over ${MAX_FRAME_BYTES} bytes.`, { cause: error });
  }
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new Refusal("invalid", "The request cannot be read: is it JSON in UTF-8?", {
      cause: error,
      issues: [{ path: "", message: "Not well-formed" }],
    });
  }
  return null;
}
