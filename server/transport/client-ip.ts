import type { IncomingMessage } from "node:http";

/**
 * The address of whoever asks, as far as it can be trusted: each of our own proxies appends the
 * address it saw to X-Forwarded-For, so with `hops` proxies it is the one that many from the right.
 * What stands further left, anybody may have written.
 */
export function clientIp(request: IncomingMessage, hops: number): string {
  const header = request.headers["x-forwarded-for"];
  const forwarded = (Array.isArray(header) ? header.join(",") : (header ?? ""))
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
  const chain = [...forwarded, request.socket.remoteAddress ?? "unknown"];
  return chain[Math.max(0, chain.length - 1 - hops)] ?? "unknown";
}
