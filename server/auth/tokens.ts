import { createHash, randomBytes } from "node:crypto";

import {
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  SignJWT,
} from "jose";

import { gather } from "../../db/gather.ts";
import { BOT_TOKEN_PREFIX, findBot } from "../../db/postgres/bots.ts";
import type { Store } from "../../db/postgres/connection.ts";
import { signingKey } from "../../db/postgres/signing-keys.ts";
import { ensureHostUsers, findUsers, type HostUser } from "../../db/postgres/users.ts";
import { Refusal } from "../../protocol/errors.ts";
import { UserId } from "../../protocol/ids.ts";
import type { User } from "../../protocol/shapes.ts";
import { DisplayName, Line } from "../../protocol/text.ts";
import type { Bars } from "./bars.ts";

/** Who a token speaks for, and until when (ms since 1970). */
export interface Session {
  user: User;
  admin: boolean;
  expiresAtMs: number;
}

/** Makes and checks tokens. */
export interface Tokens {
  /** Errors: `unauthenticated`, `unavailable`. */
  verify: (token: string) => Promise<Session>;
  mintGuest: (user: User) => Promise<{ token: string; expiresAt: string }>;
  /** From now on, tokens of this person speak for them as they are now. */
  noteProfile: (user: User) => void;
}

export interface TokenOptions {
  /** Who may not be here, whatever their token says. */
  bars: Bars;
  store: Store;
  secret?: string | undefined;
  jwksUrl?: string | undefined;
  issuer?: string | undefined;
  audience?: string | undefined;
  now: () => number;
}

const GUEST_ISSUER = "eddy:guest";
/** Long enough to come back within the week and be known; a guest who stays gets a kept account. */
const GUEST_SECONDS = 7 * 24 * 60 * 60;
/** Algorithms of a host's public keys. The token does not choose: HS256 is for the shared secret only. */
const PUBLIC_KEY_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"];
const CLOCK_TOLERANCE_SECONDS = 5;
/** Bots speak over REST; the connection of one is closed soon, so that it ends with its token. */
const BOT_SESSION_MS = 1_000;
const CACHE_MS = 30_000;
const MOST_CACHED = 20_000;

/** Opens the checks that the configuration asks for: guests always, a host's tokens when it has keys. */
export async function openTokens(options: TokenOptions): Promise<Tokens> {
  const guestKey = await signingKey(options.store, "guest", () => randomBytes(32));
  const hostKey = options.secret === undefined ? null : new TextEncoder().encode(options.secret);
  const jwks = options.jwksUrl === undefined ? null : openKeySet(options.jwksUrl);
  // Those who come back together are looked up together.
  const ensureHost = gather((hosts: HostUser[]) => ensureHostUsers(options.store, hosts));
  const findGuest = gather(async (ids: UserId[]) => {
    const found = await findUsers(options.store, [...new Set(ids)]);
    return ids.map((wanted) => found.find(({ id }) => id === wanted) ?? null);
  });
  const cache = new Map<string, { session: Session; at: number }>();

  const verifyGuest = async (token: string): Promise<Session> => {
    const { payload } = await jwtVerify(token, guestKey, {
      algorithms: ["HS256"],
      issuer: GUEST_ISSUER,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(options.now()),
      requiredClaims: ["sub", "exp"],
    });
    const id = UserId.safeParse(payload.sub);
    const user = id.success ? await findGuest(id.data) : null;
    if (user === null) throw new Refusal("unauthenticated", "This guest is not known any more.");
    return { user, admin: false, expiresAtMs: expiryOf(payload) };
  };

  const verifyBot = async (token: string): Promise<Session> => {
    const user = await findBot(options.store, token);
    if (user === null) throw new Refusal("unauthenticated", "This bot is not known any more.");
    return { user, admin: false, expiresAtMs: options.now() + BOT_SESSION_MS };
  };

  const verifyHost = async (token: string): Promise<Session> => {
    const payload = await verifyHostToken(token, hostKey, jwks, options);
    const { externalId, name, picture, headline } = hostProfile(payload);
    const madeAt = payload.iat === undefined ? null : new Date(payload.iat * 1_000).toISOString();
    const user = await ensureHost({ externalId, name, picture, headline, madeAt });
    if (user === null) throw new Refusal("unauthenticated", "This account was erased.");
    return { user, admin: payload["eddy_admin"] === true, expiresAtMs: expiryOf(payload) };
  };

  const admitted = (session: Session): Session => {
    options.bars.refuse(session.user.id);
    return session;
  };

  return {
    verify: async (token) => {
      // Never from the cache: a token that was ended has ended.
      if (token.startsWith(BOT_TOKEN_PREFIX)) return admitted(await verifyBot(token));
      const key = createHash("sha256").update(token).digest("base64url");
      const known = cache.get(key);
      const now = options.now();
      if (known !== undefined && now - known.at < CACHE_MS && known.session.expiresAtMs > now) {
        return admitted(known.session);
      }
      const session = await translate(() =>
        issuerOf(token) === GUEST_ISSUER ? verifyGuest(token) : verifyHost(token),
      );
      refuseEnded(session, options.now());
      cache.delete(key);
      cache.set(key, { session, at: now });
      const oldest = cache.keys().next().value;
      if (cache.size > MOST_CACHED && oldest !== undefined) cache.delete(oldest);
      return admitted(session);
    },
    noteProfile: (user) => {
      for (const { session } of cache.values()) {
        if (session.user.id === user.id) session.user = user;
      }
    },
    mintGuest: async (user) => {
      const issuedAt = Math.floor(options.now() / 1_000);
      const token = await new SignJWT({ name: user.name })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer(GUEST_ISSUER)
        .setSubject(user.id)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + GUEST_SECONDS)
        .sign(guestKey);
      return { token, expiresAt: new Date((issuedAt + GUEST_SECONDS) * 1_000).toISOString() };
    },
  };
}

/**
 * The host's public keys. When they cannot be had (time-out, an error status, a network or a key set that
 * is broken) nobody knows whether the token is good: that is not the caller's fault.
 */
function openKeySet(url: string): JWTVerifyGetKey {
  const keySet = createRemoteJWKSet(new URL(url));
  return async (header, token) => {
    try {
      return await keySet(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw error;
      if (error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      if (error instanceof errors.JOSENotSupported) throw error;
      throw new Refusal("unavailable", "The keys of the host cannot be read; try again.", {
        retryAfterMs: 1_000,
        cause: error,
      });
    }
  };
}

/** Who says they made the token: only picks the key that then has to prove it. */
function issuerOf(token: string): string | undefined {
  return decodeJwt(token).iss;
}

async function verifyHostToken(
  token: string,
  secret: Uint8Array | null,
  jwks: JWTVerifyGetKey | null,
  options: TokenOptions,
): Promise<JWTPayload> {
  const checks = {
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
    ...(options.audience === undefined ? {} : { audience: options.audience }),
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: new Date(options.now()),
    requiredClaims: ["sub", "name", "exp"],
  };
  if (jwks !== null) {
    try {
      return (await jwtVerify(token, jwks, { ...checks, algorithms: PUBLIC_KEY_ALGORITHMS }))
        .payload;
    } catch (error) {
      if (secret === null || !(error instanceof errors.JOSEAlgNotAllowed)) throw error;
    }
  }
  if (secret === null) {
    throw new Refusal("unauthenticated", "This server takes guests' tokens only.");
  }
  return (await jwtVerify(token, secret, { ...checks, algorithms: ["HS256"] })).payload;
}

/** What a host's token says of its user. Errors: `unauthenticated`. */
function hostProfile(payload: JWTPayload) {
  const externalId = payload.sub ?? "";
  const name = DisplayName.safeParse(payload["name"]);
  if (externalId === "" || externalId.length > 255 || externalId.includes("\0")) {
    throw new Refusal("unauthenticated", "The token's sub must be 1 to 255 characters.");
  }
  if (!name.success) throw new Refusal("unauthenticated", "The token's name is no display name.");
  const headline = Line.safeParse(payload["headline"]);
  const picture = payload["picture"];
  return {
    externalId,
    name: name.data,
    headline: headline.success ? headline.data : undefined,
    picture:
      typeof picture === "string" &&
      /^https?:\/\/[^\s\p{Cc}]+$/u.test(picture) &&
      picture.length <= 2_000
        ? picture
        : undefined,
  };
}

/** The tolerance is for clocks that lag behind the host's; a session whose time is up by ours is over (G18). */
function refuseEnded({ expiresAtMs }: Session, now: number): void {
  if (now >= expiresAtMs) throw new Refusal("unauthenticated", "The token has expired.");
}

function expiryOf({ exp }: JWTPayload): number {
  return (exp ?? 0) * 1_000;
}

/** What is wrong with a token is the caller's to know; what is wrong with the server is not theirs. */
async function translate(verify: () => Promise<Session>): Promise<Session> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw new Refusal("unauthenticated", "The token has expired.", { cause: error });
    }
    if (error instanceof errors.JOSEError) {
      throw new Refusal("unauthenticated", "The token is not valid.", { cause: error });
    }
    throw error;
  }
}
