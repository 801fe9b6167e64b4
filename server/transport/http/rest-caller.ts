import type { Request } from "express";

import type { Who } from "../../../protocol/command.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { Tokens } from "../../auth/tokens.ts";
import type { Caller } from "../../rooms/act.ts";

/** Who asks. What anyone may ask for needs no token, but a token that is sent must be good. */
export async function callerOf(tokens: Tokens, request: Request, who: Who): Promise<Caller | null> {
  const header = request.get("Authorization");
  if (header === undefined) {
    if (who === "anyone") return null;
    throw new Refusal("unauthenticated", "Send a token: Authorization: Bearer TOKEN.");
  }
  const token = /^Bearer +([\w.~+/=-]+)$/iu.exec(header)?.[1];
  if (token === undefined) {
    throw new Refusal("unauthenticated", "The Authorization header must be: Bearer TOKEN.");
  }
  const { user, admin } = await tokens.verify(token);
  return { user, admin };
}
