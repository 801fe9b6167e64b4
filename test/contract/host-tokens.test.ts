import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import type { Socket } from "socket.io-client";

import type { ErrorReply } from "../../protocol/errors.ts";
import type { Push } from "../../protocol/facts.ts";
import type { User } from "../../protocol/shapes.ts";
import type { Gateway } from "../../server/gateway.ts";
import { eventually } from "../support/eventually.ts";
import {
  ask,
  command,
  connectSocket,
  firstGateway,
  openWorld,
  type World,
} from "../support/world.ts";
import { type KeyServer, serveKeys } from "./key-server.ts";

const SECRET = "a secret that is shared with the host application";
const ISSUER = "https://host.example";
const AUDIENCE = "eddy";

let world: World;
let keys: KeyServer;
let withSecret: Gateway;
let withKeys: Gateway;
let withBoth: Gateway;
beforeAll(async () => {
  keys = await serveKeys();
  world = await openWorld({ worker: false });
  const claims = { AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE };
  [withSecret, withKeys, withBoth] = await Promise.all([
    world.addGateway({ ...claims, AUTH_JWT_SECRET: SECRET }),
    world.addGateway({ ...claims, AUTH_JWKS_URL: keys.url }),
    world.addGateway({ ...claims, AUTH_JWKS_URL: keys.url, AUTH_JWT_SECRET: SECRET }),
  ]);
});
afterAll(async () => {
  await world.close();
  await keys.close();
});

const seconds = () => Math.floor(Date.now() / 1_000);
const inSeconds = (from: number) => seconds() + from;

/** What a good token of the host says, changed. A claim that is undefined is left out. */
function claimsOf(changes: Claims = {}): JWTPayload {
  const claims = {
    sub: "ada@host",
    name: "Ada",
    iss: ISSUER,
    aud: AUDIENCE,
    exp: inSeconds(60),
    ...changes,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

type Claims = { [Name in keyof JWTPayload]: JWTPayload[Name] | undefined };

type Key = Parameters<SignJWT["sign"]>[0];
const bytes = (secret: string) => new TextEncoder().encode(secret);

function sign(claims: JWTPayload, key: Key = bytes(SECRET), header: object = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", ...header }).sign(key);
}

async function me(gateway: Gateway, token: string) {
  const answer = await fetch(`${gateway.url}/v1/me`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  return { status: answer.status, body: (await answer.json()) as User & { code?: string } };
}

async function expectGood(gateway: Gateway, token: string): Promise<User> {
  const { status, body } = await me(gateway, token);
  expect([status, body.code]).toEqual([200, undefined]);
  expect(await refusalAtTheDoor(gateway, token)).toBeNull();
  return body;
}

async function expectRefused(
  gateway: Gateway,
  token: string,
  code = "unauthenticated",
): Promise<void> {
  expect((await me(gateway, token)).body).toMatchObject({ code });
  expect(await refusalAtTheDoor(gateway, token)).toBe(code);
}

/** Which code a handshake is refused with; null when it is not. */
async function refusalAtTheDoor(gateway: Gateway, token: string): Promise<string | null> {
  try {
    (await connectSocket(gateway.url, token)).disconnect();
    return null;
  } catch (error) {
    return (error as { data: ErrorReply }).data.code;
  }
}

describe("a token that the host signed with the shared secret", () => {
  test("opens both transports, and makes its user once", async () => {
    const [first, ...others] = await Promise.all(
      Array.from({ length: 8 }, async (_, i) =>
        expectGood(withSecret, await sign(claimsOf({ sub: "twins", jti: String(i) }))),
      ),
    );
    expect(first).toMatchObject({ name: "Ada", kind: "member" });
    expect(new Set(others.map(({ id }) => id))).toEqual(new Set([first?.id]));
    const elsewhere = await expectGood(withBoth, await sign(claimsOf({ sub: "twins" })));
    expect(elsewhere.id).toBe(first?.id);
  });

  test("carries what the host knows of its user, and only what can be shown", async () => {
    const profile = { name: "Grace", headline: "Compilers", picture: "https://host.example/g.png" };
    const grace = await expectGood(withSecret, await sign(claimsOf({ sub: "g", ...profile })));
    expect(grace).toMatchObject(profile);
    const renamed = await expectGood(
      withSecret,
      await sign(claimsOf({ sub: "g", name: "Amazing Grace", picture: "javascript:alert(1)" })),
    );
    expect(renamed).toMatchObject({ id: grace.id, name: "Amazing Grace" });
    expect(renamed.picture ?? "").not.toContain("javascript");
  });

  test("of someone whom Postgres cannot hold keeps out nobody who comes at the same time", async () => {
    const picture = "https://host.example/\0.png";
    const users = await Promise.all(
      ["odd", "even"].map(async (sub) =>
        expectGood(
          withSecret,
          await sign(claimsOf({ sub, ...(sub === "odd" ? { picture } : {}) })),
        ),
      ),
    );
    expect(users.map((user) => user.picture)).toEqual([undefined, undefined]);
  });

  test.each<[string, JWTPayload]>([
    ["an audience among others", { aud: ["other", AUDIENCE] }],
    ["an expiry far ahead", { exp: 4_102_444_800 }],
    ["claims that nobody knows", { roles: ["king"], __proto__: null, nbf: 1 }],
    ["a name of 64 letters", { name: "x".repeat(64) }],
  ])("is good with %s", async (_what, changes) => {
    await expectGood(withSecret, await sign(claimsOf({ sub: "liberal", ...changes })));
  });

  test.each<[string, () => Promise<string>]>([
    ["that has expired", () => sign(claimsOf({ exp: inSeconds(-10) }))],
    ["that never expires", () => sign(claimsOf({ exp: undefined }))],
    ["that is not valid yet", () => sign(claimsOf({ nbf: inSeconds(60) }))],
    ["of another issuer", () => sign(claimsOf({ iss: "https://evil.example" }))],
    ["of no issuer", () => sign(claimsOf({ iss: undefined }))],
    ["for another audience", () => sign(claimsOf({ aud: "other" }))],
    ["for no audience", () => sign(claimsOf({ aud: undefined }))],
    ["of nobody", () => sign(claimsOf({ sub: undefined }))],
    ["of a nameless one", () => sign(claimsOf({ name: undefined }))],
    ["whose name is blank", () => sign(claimsOf({ name: " " }))],
    ["whose name is a number", () => sign(claimsOf({ name: 7 }))],
    ["whose name holds a NUL", () => sign(claimsOf({ name: "a\0b" }))],
    ["whose name is too long", () => sign(claimsOf({ name: "x".repeat(65) }))],
    ["of an empty sub", () => sign(claimsOf({ sub: "" }))],
    ["of a sub of 256 letters", () => sign(claimsOf({ sub: "x".repeat(256) }))],
    ["of a sub with a NUL", () => sign(claimsOf({ sub: "a\0b" }))],
    [
      "signed with another secret",
      () => sign(claimsOf(), bytes("another secret, as long as the first")),
    ],
    ["signed with HS512", () => sign(claimsOf(), bytes(SECRET.repeat(2)), { alg: "HS512" })],
    ["that claims to be one of ours", () => sign(claimsOf({ iss: "eddy:guest" }))],
    ["signed by nobody", async () => new UnsecuredJWT(claimsOf()).encode()],
    [
      "whose key comes with it",
      async () => {
        const { privateKey } = await generateKeyPair("ES256");
        return sign(claimsOf(), privateKey, { alg: "ES256", jku: keys.url });
      },
    ],
    [
      "with a critical header that nobody knows",
      () =>
        new SignJWT(claimsOf())
          .setProtectedHeader({ alg: "HS256", crit: ["b65"], b65: true })
          .sign(bytes(SECRET), { crit: { b65: false } }),
    ],
    [
      "whose claims were changed",
      async () => {
        const [header, , mark] = (await sign(claimsOf())).split(".");
        const body = Buffer.from(JSON.stringify(claimsOf({ sub: "root" }))).toString("base64url");
        return [header, body, mark].join(".");
      },
    ],
    ["that lost its signature", async () => (await sign(claimsOf())).replace(/[^.]+$/u, "")],
  ])("[security 2] is refused %s", async (_what, mint) => {
    await expectRefused(withSecret, await mint());
  });

  test("[security 2] is refused by a gateway that has no secret", async () => {
    await expectRefused(withKeys, await sign(claimsOf()));
    await expectRefused(firstGateway(world), await sign(claimsOf()));
  });
});

describe("a token that the host signed with a key of its own", () => {
  test.each(["RS256", "PS256", "ES256", "ES384", "EdDSA"])("is good with %s", async (alg) => {
    const { privateKey, kid } = keys.of(alg);
    const user = await expectGood(
      withKeys,
      await sign(claimsOf({ sub: `by ${alg}` }), privateKey, { alg, kid }),
    );
    expect(user).toMatchObject({ name: "Ada", kind: "member" });
    await expectGood(withBoth, await sign(claimsOf(), privateKey, { alg, kid }));
  });

  test("is good beside tokens of the shared secret, where both are configured", async () => {
    const ada = await expectGood(withBoth, await sign(claimsOf({ sub: "both" })));
    const { privateKey, kid } = keys.of("ES256");
    const token = await sign(claimsOf({ sub: "both" }), privateKey, { alg: "ES256", kid });
    expect((await expectGood(withBoth, token)).id).toBe(ada.id);
  });

  test.each<[string, () => Promise<string>]>([
    [
      "of another's key under a known name",
      async () => {
        const { kid } = keys.of("ES256");
        const { privateKey } = await generateKeyPair("ES256");
        return sign(claimsOf(), privateKey, { alg: "ES256", kid });
      },
    ],
    [
      "of a key nobody knows",
      async () => {
        const { privateKey } = await generateKeyPair("ES256");
        return sign(claimsOf(), privateKey, { alg: "ES256", kid: "unknown" });
      },
    ],
    [
      "signed by HS256 with the public key for a secret",
      async () => {
        const { publicKey, kid } = keys.of("RS256");
        return sign(claimsOf(), bytes(await exportSPKI(publicKey)), { kid });
      },
    ],
    [
      "of an algorithm that is not among ours",
      async () => {
        const { privateKey, kid } = keys.of("RS512");
        return sign(claimsOf(), privateKey, { alg: "RS512", kid });
      },
    ],
    [
      "that has expired",
      async () => {
        const { privateKey, kid } = keys.of("ES256");
        return sign(claimsOf({ exp: inSeconds(-10) }), privateKey, { alg: "ES256", kid });
      },
    ],
    ["signed by nobody", async () => new UnsecuredJWT(claimsOf()).encode()],
  ])("[security 2] is refused %s", async (_what, mint) => {
    const token = await mint();
    await expectRefused(withKeys, token);
    await expectRefused(withBoth, token);
  });

  test("is told to come back when the host's keys cannot be reached, and guests go on", async () => {
    const gone = await serveKeys();
    const { privateKey, kid } = gone.of("ES256");
    await gone.close();
    const gateway = await world.addGateway({ AUTH_JWKS_URL: gone.url });
    const token = await sign(claimsOf(), privateKey, { alg: "ES256", kid });
    await expectRefused(gateway, token, "unavailable");
    const guest = await world.person("Guest");
    expect((await guest.rest("GET", "/me", undefined, { gateway })).status).toBe(200);
  });
});

describe("keys of the host that cannot be had", () => {
  test.each(["status 503", "no JSON", "no key set", "cut off"] as const)(
    "are not the caller's fault: %s, and the token is good when they are back",
    async (how) => {
      const server = await serveKeys();
      const { privateKey, kid } = server.of("ES256");
      const gateway = await world.addGateway({ AUTH_JWKS_URL: server.url });
      const token = await sign(claimsOf(), privateKey, { alg: "ES256", kid });
      server.answer(how);
      await expectRefused(gateway, token, "unavailable");
      server.answer("keys");
      await expectGood(gateway, token);
      await server.close();
    },
  );
});

async function connect(changes: JWTPayload): Promise<Socket> {
  return connectSocket(withSecret.url, await sign(claimsOf(changes)));
}

describe("a session", () => {
  test("[G18] is not opened by a token whose time is up, however short ago", async () => {
    const token = await sign(claimsOf({ exp: inSeconds(-2) }));
    await expectRefused(withSecret, token);
    const socket = await connect({});
    expect(await ask(socket, "session:renew", { token })).toMatchObject({
      error: { code: "unauthenticated" },
    });
    socket.disconnect();
  });

  test("is told once that it ends within a minute, and when", async () => {
    const exp = inSeconds(30);
    const socket = await connect({ exp });
    const told: Push<"session.expiring">[] = [];
    socket.on("session.expiring", (push: Push<"session.expiring">) => told.push(push));
    const at = new Date(exp * 1_000).toISOString();
    await eventually(() => expect(told).toEqual([{ at }]));
    socket.disconnect();
  });

  test("[G18] goes on past its first token when it was renewed, and ends when it was not", async () => {
    const exp = inSeconds(3);
    const [renewed, forgetful] = await Promise.all([connect({ exp }), connect({ exp })]);
    const reasons: string[] = [];
    forgetful.on("disconnect", (reason) => reasons.push(reason));
    const later = inSeconds(600);
    const token = await sign(claimsOf({ exp: later }));
    expect(await command(renewed, "session:renew", { token })).toMatchObject({
      expiresAt: new Date(later * 1_000).toISOString(),
    });
    await eventually(() => expect(reasons).toEqual(["io server disconnect"]), { withinMs: 6_000 });
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1_000);
    expect(await ask(renewed, "room:leave", { room: "no-such-room" })).toMatchObject({
      error: { code: "not_found" },
    });
    renewed.disconnect();
  });

  test.each<[string, () => Promise<string>, string]>([
    ["someone else's token", () => sign(claimsOf({ sub: "grace@host" })), "forbidden"],
    ["an expired token", () => sign(claimsOf({ exp: inSeconds(-10) })), "unauthenticated"],
    ["a forged token", () => sign(claimsOf(), bytes("x".repeat(40))), "unauthenticated"],
    ["a token that is none", async () => "a.b.c", "unauthenticated"],
  ])("is not renewed with %s, and goes on as it was", async (_what, mint, code) => {
    const socket = await connect({});
    expect(await ask(socket, "session:renew", { token: await mint() })).toMatchObject({
      error: { code },
    });
    expect(await ask(socket, "session:renew", { token: await sign(claimsOf()) })).toMatchObject({
      ok: true,
    });
    socket.disconnect();
  });
});
