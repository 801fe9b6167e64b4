import { z } from "zod";

import {
  type Environment,
  integer,
  readAll,
  type Setting,
  type Settings,
  settingsOf,
  sharedSettings,
} from "../db/settings.ts";

const limit = (fallback: number, meaning: string) => ({
  schema: integer(1, 1_000_000_000),
  default: String(fallback),
  meaning,
});

/** Every rate and connection limit has a variable of its own. */
const limitSettings = {
  LIMIT_COMMANDS_PER_USER_PER_SECOND: limit(30, "Commands of one person in a second."),
  LIMIT_MESSAGES_PER_USER_PER_10_SECONDS: limit(20, "Messages of one member in 10 s."),
  LIMIT_GUEST_MESSAGES_PER_USER_PER_10_SECONDS: limit(10, "Messages of one guest in 10 s."),
  LIMIT_TYPING_PER_USER_PER_10_SECONDS: limit(10, "Typing notices of one person in 10 s."),
  LIMIT_ROOMS_PER_USER_PER_HOUR: limit(20, "Rooms that one person opens in an hour."),
  LIMIT_REPORTS_PER_USER_PER_HOUR: limit(30, "Reports that one person makes in an hour."),
  LIMIT_GUESTS_PER_IP_PER_HOUR: limit(60, "Guests made from one address in an hour."),
  LIMIT_REQUESTS_PER_IP_PER_MINUTE: limit(1_200, "REST requests from one address in a minute."),
  LIMIT_CONNECTIONS_PER_IP: limit(200, "Sockets from one address, on each gateway."),
  LIMIT_CONNECTIONS_PER_USER: limit(20, "Sockets of one person, on each gateway."),
  LIMIT_ENTERINGS_WAITING: limit(2_000, "Enterings that wait for their turn, on each gateway."),
} satisfies Record<string, Setting>;

const optional = (schema: z.ZodType<string>) => schema.optional();
const httpUrl = (example: string) =>
  z.url({ protocol: /^https?$/u, error: `must be a URL like ${example}` });

const gatewaySettings = {
  PORT: {
    schema: integer(0, 65_535),
    default: "3000",
    meaning: "Where the gateway listens; 0 picks a free port.",
  },
  GATEWAYS: {
    schema: integer(1, 256),
    default: "1",
    meaning: "Gateway processes that share PORT: one for each core that the rest leaves idle.",
  },
  AUTH_JWT_SECRET: {
    schema: optional(z.string().min(32, "must be at least 32 characters long")),
    default: null,
    meaning: "Secret of the host application's HS256 tokens.",
  },
  AUTH_JWKS_URL: {
    schema: optional(httpUrl("https://example.com/.well-known/jwks.json")),
    default: null,
    meaning: "Public keys of the host application's tokens.",
  },
  AUTH_ISSUER: {
    schema: optional(z.string()),
    default: null,
    meaning: "The `iss` that tokens must have.",
  },
  AUTH_AUDIENCE: {
    schema: optional(z.string()),
    default: null,
    meaning: "The `aud` that tokens must have.",
  },
  ALLOWED_ORIGINS: {
    schema: z
      .string()
      .transform((list) =>
        list
          .split(",")
          .map((origin) => origin.trim())
          .filter((origin) => origin !== ""),
      )
      .refine(
        (list) => list.every(isOrigin),
        "must be origins like https://example.com, separated by commas",
      ),
    default: "",
    meaning:
      "Web origins that may connect, and put a room on their pages, separated by commas. Empty lets every one connect and none embed; `PUBLIC_URL` always may.",
  },
  TRUST_PROXY_HOPS: {
    schema: integer(0, 10),
    default: "0",
    meaning: "Proxies of yours in front of the gateway: whose X-Forwarded-For is believed.",
  },
  ADMIN_TOKEN: {
    schema: optional(z.string().min(16, "must be at least 16 characters long")),
    default: null,
    meaning: "Opens operators' pages such as /queues.",
  },
  PUBLIC_URL: {
    schema: optional(httpUrl("https://chat.example.com")),
    default: null,
    meaning: "How people reach this server; stands in links.",
  },
  APPEAL: {
    schema: z.string().min(1, "must not be empty").max(500, "must be at most 500 characters long"),
    default: "You may appeal to the moderators.",
    meaning: "How to appeal: a sentence or a URL that whoever is muted or banned is told.",
  },
  LIMITS: {
    schema: z.enum(["on", "off"], { error: "must be on or off" }),
    default: "on",
    meaning: "`off` lifts every limit below, for benchmarks and tests.",
  },
  UNREAD_SOFT_BYTES: {
    schema: integer(1_024, 1_000_000_000),
    default: "262144",
    meaning: "A socket that has not read more than this gets nothing live until it has read it.",
  },
  UNREAD_HARD_BYTES: {
    schema: integer(1_024, 1_000_000_000),
    default: "25165824",
    meaning:
      "A socket that has not read more than this is cut. Four of the largest replies must fit in.",
  },
  UNREAD_PATIENCE_SECONDS: {
    schema: integer(1, 600),
    default: "10",
    meaning: "A socket over UNREAD_SOFT_BYTES that does not get on for this long is cut.",
  },
  UNREAD_CEILING_BYTES: {
    schema: integer(1_024, 100_000_000_000),
    default: "134217728",
    meaning: "All that the sockets of a gateway have not read; over it the slowest are cut.",
  },
} satisfies Record<string, Setting>;

const table = { ...gatewaySettings, ...sharedSettings, ...limitSettings };

/** How much of everything is allowed; Infinity where limits are lifted. */
export interface Limits {
  commandsPerUserPerSecond: number;
  messagesPerUserPer10Seconds: number;
  guestMessagesPer10Seconds: number;
  typingPerUserPer10Seconds: number;
  roomsPerUserPerHour: number;
  reportsPerUserPerHour: number;
  guestsPerIpPerHour: number;
  requestsPerIpPerMinute: number;
  connectionsPerIp: number;
  connectionsPerUser: number;
  enteringsWaiting: number;
}

/** A gateway's configuration. */
export interface Config extends Settings {
  port: number;
  gateways: number;
  authJwtSecret: string | undefined;
  authJwksUrl: string | undefined;
  authIssuer: string | undefined;
  authAudience: string | undefined;
  allowedOrigins: string[];
  trustProxyHops: number;
  adminToken: string | undefined;
  publicUrl: string | undefined;
  /** How to appeal against a sanction: a sentence or a URL. */
  appeal: string;
  limits: Limits;
  /** How much may wait for sockets that do not read, and how long; `LIMITS=off` does not lift it. */
  unread: { softBytes: number; hardBytes: number; patienceMs: number; ceilingBytes: number };
}

/** Reads a gateway's configuration. Errors: one that names every wrong value, without showing it. */
export function readConfig(env: Environment): Config {
  const values = readAll(env, table);
  const bound = (limitValue: number) => (values.LIMITS === "off" ? Infinity : limitValue);
  return {
    ...settingsOf(values),
    port: values.PORT,
    gateways: values.GATEWAYS,
    authJwtSecret: values.AUTH_JWT_SECRET,
    authJwksUrl: values.AUTH_JWKS_URL,
    authIssuer: values.AUTH_ISSUER,
    authAudience: values.AUTH_AUDIENCE,
    allowedOrigins: allowedOrigins(values),
    trustProxyHops: values.TRUST_PROXY_HOPS,
    adminToken: values.ADMIN_TOKEN,
    publicUrl: values.PUBLIC_URL,
    appeal: values.APPEAL,
    limits: {
      commandsPerUserPerSecond: bound(values.LIMIT_COMMANDS_PER_USER_PER_SECOND),
      messagesPerUserPer10Seconds: bound(values.LIMIT_MESSAGES_PER_USER_PER_10_SECONDS),
      guestMessagesPer10Seconds: bound(values.LIMIT_GUEST_MESSAGES_PER_USER_PER_10_SECONDS),
      typingPerUserPer10Seconds: bound(values.LIMIT_TYPING_PER_USER_PER_10_SECONDS),
      roomsPerUserPerHour: bound(values.LIMIT_ROOMS_PER_USER_PER_HOUR),
      reportsPerUserPerHour: bound(values.LIMIT_REPORTS_PER_USER_PER_HOUR),
      guestsPerIpPerHour: bound(values.LIMIT_GUESTS_PER_IP_PER_HOUR),
      requestsPerIpPerMinute: bound(values.LIMIT_REQUESTS_PER_IP_PER_MINUTE),
      connectionsPerIp: bound(values.LIMIT_CONNECTIONS_PER_IP),
      connectionsPerUser: bound(values.LIMIT_CONNECTIONS_PER_USER),
      enteringsWaiting: bound(values.LIMIT_ENTERINGS_WAITING),
    },
    unread: {
      softBytes: values.UNREAD_SOFT_BYTES,
      hardBytes: values.UNREAD_HARD_BYTES,
      patienceMs: values.UNREAD_PATIENCE_SECONDS * 1_000,
      ceilingBytes: values.UNREAD_CEILING_BYTES,
    },
  };
}

/** Whoever names origins need not name Eddy's own: its page is one too. */
function allowedOrigins(values: { ALLOWED_ORIGINS: string[]; PUBLIC_URL?: string | undefined }) {
  const { ALLOWED_ORIGINS: named, PUBLIC_URL: own } = values;
  return named.length === 0 || own === undefined ? named : [...named, new URL(own).origin];
}

/** Every variable, for the docs: from the same table that reads them. */
export const configReference = Object.entries(table).map(([name, setting]) => ({
  name,
  default: setting.default ?? "",
  meaning: setting.meaning,
}));

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
