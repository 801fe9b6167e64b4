import { readFileSync } from "node:fs";

/** States of a line that this side has closed, and whose last bytes the other side has not taken. */
const CLOSING = new Set(["04", "09", "0B"]);

/** What Linux still holds for clients of a server's port whose lines the server has closed (bytes). */
export function leftInKernel(url: string): number {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0");
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    readFileSync(file, "utf8").split("\n").slice(1),
  );
  let bytes = 0;
  for (const line of lines) {
    const [, local = "", , state = "", queues = ""] = line.trim().split(/\s+/u);
    const isClosing = local.endsWith(`:${port}`) && CLOSING.has(state);
    if (isClosing) bytes += Number.parseInt(queues, 16);
  }
  return bytes;
}
