import { z } from "zod";

/** A setting of the environment: how it is read, and what the docs say of it. */
export interface Setting {
  schema: z.ZodType;
  /** As it would be written in the environment; null when there is none. */
  default: string | null;
  meaning: string;
}

/** An integer in the environment, within bounds. */
export const integer = (least: number, most: number) =>
  z.coerce
    .number({ error: "must be a number" })
    .int("must be a whole number")
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);

const url = (protocols: RegExp, example: string) =>
  z.url({ protocol: protocols, error: `must be a URL like ${example}` });

const connect = "is not set; `npm start` runs with an embedded one";

/** Settings that gateways and workers share. */
export const sharedSettings = {
  DATABASE_URL: {
    schema: z.preprocess(
      (value) => value ?? "",
      z
        .string()
        .min(1, connect)
        .pipe(url(/^postgres(?:ql)?$/u, "postgres://user:password@host:5432/eddy")),
    ),
    default: null,
    meaning: "PostgreSQL. Without it, `npm start` runs one of its own.",
  },
  REDIS_URL: {
    schema: z.preprocess(
      (value) => value ?? "",
      z
        .string()
        .min(1, connect)
        .pipe(url(/^rediss?$/u, "redis://:password@host:6379")),
    ),
    default: null,
    meaning: "Redis. Without it, `npm start` runs one of its own.",
  },
  DATA_DIR: {
    schema: z.string().min(1),
    default: ".data",
    meaning: "Where `npm start` keeps the embedded stores and the logs.",
  },
  LOG_LEVEL: {
    schema: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
      error: "must be one of trace, debug, info, warn, error, fatal, silent",
    }),
    default: "info",
    meaning: "How much is logged.",
  },
  HOT_LOG_KEEP: {
    schema: integer(1, 100_000),
    default: "1000",
    meaning: "Newest facts of each room that stay in Redis once they are stored.",
  },
  UNSTORED_CAP: {
    schema: integer(1, 90_000),
    default: "10000",
    meaning: "Accepted facts of a room that may wait to be stored; more are answered `busy`.",
  },
  WEBHOOK_RETRY_SECONDS: {
    schema: z
      .string()
      .regex(/^\d+(?:\.\d+)?(?:,\d+(?:\.\d+)?)*$/u, "must be seconds, separated by commas")
      .transform((list) => list.split(",").map((seconds) => Number(seconds) * 1_000)),
    default: "5,300,1800,7200,18000,36000,50400,72000,86400",
    meaning: "Waits before a webhook is tried again; after the last one a delivery has failed.",
  },
  WEBHOOK_PRIVATE_ADDRESSES: {
    schema: z.enum(["on", "off"], { error: "must be on or off" }),
    default: "off",
    meaning: "Whether webhooks may go to private and local addresses.",
  },
  WORKER_PORT: {
    schema: integer(1, 65_535).optional(),
    default: null,
    meaning: "Where a worker answers /healthz and /metrics; nowhere when it is not set.",
  },
} satisfies Record<string, Setting>;

/** What gateways and workers share. */
export interface Settings {
  databaseUrl: string;
  redisUrl: string;
  dataDir: string;
  logLevel: string;
  hotLogKeep: number;
  unstoredCap: number;
  webhookRetriesMs: number[];
  webhookPrivateAddresses: boolean;
  workerPort: number | undefined;
}

export type Environment = Record<string, string | undefined>;

/** Reads the shared settings. Errors: one that names every wrong value. */
export function readSettings(env: Environment): Settings {
  return settingsOf(readAll(env, sharedSettings));
}

/** The shared part of what `readAll` answers. */
export function settingsOf(values: Values<typeof sharedSettings>): Settings {
  return {
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    dataDir: values.DATA_DIR,
    logLevel: values.LOG_LEVEL,
    hotLogKeep: values.HOT_LOG_KEEP,
    unstoredCap: values.UNSTORED_CAP,
    webhookRetriesMs: values.WEBHOOK_RETRY_SECONDS,
    webhookPrivateAddresses: values.WEBHOOK_PRIVATE_ADDRESSES === "on",
    workerPort: values.WORKER_PORT,
  };
}

/** The values of a table of settings. */
export type Values<T extends Record<string, Setting>> = {
  [K in keyof T]: z.output<T[K]["schema"]>;
};

/**
 * Reads a table of settings from the environment. An empty value counts as not set. Errors: one that
 * names every wrong value, and never shows it: it may be a secret.
 */
export function readAll<T extends Record<string, Setting>>(env: Environment, table: T): Values<T> {
  const problems: string[] = [];
  const values = Object.entries(table).map(([name, setting]) => {
    const given = env[name] === "" ? undefined : env[name];
    const parsed = setting.schema.safeParse(given ?? setting.default ?? undefined);
    if (!parsed.success) problems.push(`${name} ${parsed.error.issues[0]?.message ?? "is wrong"}`);
    return [name, parsed.data] as const;
  });
  if (problems.length > 0) {
    throw new Error(`The configuration is wrong:\n${problems.map((p) => `  - ${p}.`).join("\n")}`);
  }
  return Object.fromEntries(values) as Values<T>;
}
