import { describe, expect, test } from "@jest/globals";

import { configReference, readConfig } from "../../server/config.ts";

/** What a launcher always provides. */
const stores = {
  DATABASE_URL: "postgres://eddy:secret@localhost/eddy",
  REDIS_URL: "redis://:secret@localhost:6379",
};

describe("a gateway's configuration", () => {
  test("needs nothing but the stores", () => {
    expect(readConfig(stores)).toMatchObject({
      port: 3_000,
      dataDir: ".data",
      logLevel: "info",
      allowedOrigins: [],
      trustProxyHops: 0,
      adminToken: undefined,
      authJwtSecret: undefined,
      limits: { guestsPerIpPerHour: 60, commandsPerUserPerSecond: 30 },
    });
  });

  test("takes an empty variable for one that is not set", () => {
    expect(readConfig({ ...stores, PORT: "", ADMIN_TOKEN: "" })).toEqual(readConfig(stores));
  });

  test("names every wrong value at once", () => {
    const wrong = {
      DATABASE_URL: "mysql://localhost",
      REDIS_URL: "localhost:6379",
      PORT: "70000",
      AUTH_JWT_SECRET: "short",
      AUTH_JWKS_URL: "keys.json",
      ALLOWED_ORIGINS: "https://example.com/path",
      TRUST_PROXY_HOPS: "true",
      ADMIN_TOKEN: "admin",
      PUBLIC_URL: "example",
      LOG_LEVEL: "loud",
      LIMITS: "some",
      LIMIT_CONNECTIONS_PER_IP: "0",
      HOT_LOG_KEEP: "1.5",
      UNSTORED_CAP: "many",
    };
    const lines = complaint(wrong).split("\n").slice(1);
    const named = lines.map((line) => /^ {2}- (\w+) /u.exec(line)?.[1]);
    expect(new Set(named)).toEqual(new Set(Object.keys(wrong)));
    expect(lines).toHaveLength(Object.keys(wrong).length);
  });

  test("never shows a value: it may be a secret", () => {
    const said = complaint({
      DATABASE_URL: "hunter2-a",
      REDIS_URL: "hunter2-b",
      AUTH_JWT_SECRET: "hunter2-c",
      ADMIN_TOKEN: "hunter2-d",
      LOG_LEVEL: "hunter2-e",
      PORT: "hunter2-f",
    });
    expect(said).not.toContain("hunter2");
  });

  test("says of missing stores that npm start has its own", () => {
    expect(complaint({})).toMatch(/DATABASE_URL .*npm start.*\n.*REDIS_URL .*npm start/u);
  });

  test("LIMITS=off lifts every limit", () => {
    const { limits } = readConfig({ ...stores, LIMITS: "off", LIMIT_CONNECTIONS_PER_IP: "5" });
    expect(new Set(Object.values(limits))).toEqual(new Set([Infinity]));
  });

  test.each(configReference.filter(({ name }) => name.startsWith("LIMIT_")))(
    "$name changes one limit and no other",
    ({ name }) => {
      const usual = Object.entries(readConfig(stores).limits);
      const changed = readConfig({ ...stores, [name]: "7" }).limits;
      const different = usual.filter(
        ([key, value]) => changed[key as keyof typeof changed] !== value,
      );
      expect(different).toHaveLength(1);
    },
  );

  test("origins are a list", () => {
    const ALLOWED_ORIGINS = "https://a.example, http://localhost:5173,";
    expect(readConfig({ ...stores, ALLOWED_ORIGINS }).allowedOrigins).toEqual([
      "https://a.example",
      "http://localhost:5173",
    ]);
  });

  test("the reference has every variable with what it means", () => {
    const names = configReference.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["PORT", "DATABASE_URL", "PUBLIC_URL", "LIMITS", "DATA_DIR"]),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const { meaning } of configReference) expect(meaning).toMatch(/\w.*\.$/u);
  });
});

function complaint(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("It was taken for right.");
}
