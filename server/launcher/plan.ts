import path from "node:path";

import type { Environment } from "../../db/settings.ts";
import { readConfig } from "../config.ts";

/** What a launcher is to start. */
export interface Plan {
  port: number;
  /** How many share the port. */
  gateways: number;
  /** Absolute. */
  dataDir: string;
  /** Null: start one of our own. */
  databaseUrl: string | null;
  redisUrl: string | null;
}

/** Reads what to start from the environment. Errors: one that names every wrong value. */
export function readPlan(env: Environment): Plan {
  const databaseUrl = env["DATABASE_URL"] || null;
  const redisUrl = env["REDIS_URL"] || null;
  // Checked as the gateway will check it, so that nothing is started for a gateway that will refuse.
  const config = readConfig({
    ...env,
    DATABASE_URL: databaseUrl ?? "postgres://localhost/of-our-own",
    REDIS_URL: redisUrl ?? "redis://localhost",
  });
  const { port, gateways } = config;
  return { port, gateways, dataDir: path.resolve(config.dataDir), databaseUrl, redisUrl };
}
