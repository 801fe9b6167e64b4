import type { IncomingMessage } from "node:http";

/** Gives the session ids of a gateway its name. */
export function sessionPrefix(name: string): string {
  return `${name}.`;
}

/** The gateway at which a request's session began; null when it has none, or none of ours. */
export function homeOf({ url = "" }: IncomingMessage): string | null {
  return /^\/socket\.io\/.*[?&]sid=(\w+)\./u.exec(url)?.[1] ?? null;
}
