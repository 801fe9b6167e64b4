import { createServer } from "node:http";

import { openLog } from "../db/process-log.ts";
import { readSettings, type Settings } from "../db/settings.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

/** A stop that takes longer than this is cut short. */
const STOP_DEADLINE_MS = 10_000;

await main();

async function main(): Promise<void> {
  let settings: Settings;
  try {
    settings = readSettings(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
  const log = openLog({ name: "worker", level: settings.logLevel });
  const worker = await startWorker(settings, log).catch((error: unknown) => {
    log.fatal({ err: error }, "the worker cannot start: can it reach DATABASE_URL and REDIS_URL?");
    process.exit(1);
  });
  const port = Number(process.env["WORKER_PORT"] ?? "");
  if (port > 0) serveHealth(worker, port);

  let stopping = false;
  const stop = (code: number) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
    worker.stop().then(
      () => process.exit(code),
      (error: unknown) => {
        log.error({ err: error }, "the stop failed");
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", () => stop(0));
  process.once("SIGINT", () => stop(0));
  // Started by a launcher that was killed: nobody is left to stop this process.
  if (process.env["EDDY_LAUNCHED"] === "1") process.once("disconnect", () => stop(0));
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception");
    stop(1);
  });
  process.on("unhandledRejection", (error) => {
    log.fatal({ err: error }, "unhandled rejection");
    stop(1);
  });
  process.send?.({ type: "ready" });
}

/** `/healthz` and `/metrics` of a worker, for whoever runs it. */
function serveHealth(worker: RunningWorker, port: number): void {
  createServer((request, response) => {
    if (request.url === "/metrics") {
      worker.metrics.registry.metrics().then(
        (text) => response.setHeader("Content-Type", worker.metrics.registry.contentType).end(text),
        () => response.writeHead(500).end(),
      );
      return;
    }
    const healthy = worker.isHealthy();
    response
      .writeHead(request.url === "/healthz" ? (healthy ? 200 : 503) : 404)
      .end(`${healthy}\n`);
  }).listen(port);
}
