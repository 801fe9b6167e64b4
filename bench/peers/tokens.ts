import { jwtVerify, SignJWT } from "jose";
import { v7 as uuidv7 } from "uuid";

import type { PeerUser } from "./message.ts";

/** Signs what every server of a benchmark accepts, Eddy as a host's token. */
export const TOKEN_SECRET = "a secret of the benchmark's own, 32 bytes or more";

const secret = new TextEncoder().encode(TOKEN_SECRET);

/** A token of someone new. */
export function mintToken(name: string): Promise<string> {
  return new SignJWT({ name })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(uuidv7())
    .setIssuedAt()
    .setExpirationTime("12h")
    .sign(secret);
}

/** Whose token it is. Errors: when it is not valid. */
export async function verifyToken(token: string): Promise<PeerUser> {
  const { payload } = await jwtVerify<{ name: string }>(token, secret, { algorithms: ["HS256"] });
  return { id: payload.sub ?? "", name: payload.name };
}
