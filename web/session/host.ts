import { comeInWith } from "./session.ts";

/**
 * Comes in as whom the page around us says, if it says so; public/embed.js is what answers there.
 * Who may be around us is settled before: the server names the origins that may embed.
 */
export async function comeInThroughHost(): Promise<void> {
  const token = await askHost();
  if (token === null) return;
  try {
    await comeInWith(token, async () => {
      const newer = await askHost();
      if (newer === null) throw new Error("The page around us has no token any more");
      return newer;
    });
  } catch {
    // A token that is not good: a name is still enough.
  }
}

/** Asks the page around us for a token; null when it has none, or does not know what we ask. */
function askHost(): Promise<string | null> {
  return new Promise((resolve) => {
    const done = new AbortController();
    const answer = (token: string | null) => {
      done.abort();
      resolve(token);
    };
    addEventListener(
      "message",
      ({ source, data }: MessageEvent<unknown>) => {
        if (source === parent && isToken(data)) answer(data.token);
      },
      done,
    );
    // The question holds nothing secret, and whose page it is we learn only from the answer.
    parent.postMessage({ type: "eddy:token?" }, "*");
    setTimeout(() => answer(null), PATIENCE_MS);
  });
}

function isToken(data: unknown): data is { type: "eddy:token"; token: string | null } {
  if (typeof data !== "object" || data === null || !("type" in data)) return false;
  if (data.type !== "eddy:token" || !("token" in data)) return false;
  return data.token === null || typeof data.token === "string";
}

const PATIENCE_MS = 2_000;
