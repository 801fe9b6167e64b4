import { hash } from "node:crypto";

import { appendFact } from "../db/redis/append-fact.ts";
import { type AppendResult, factRest } from "../db/redis/append-facts.ts";
import type { RedisLink } from "../db/redis/connection.ts";
import type { DraftOf } from "../protocol/facts.ts";
import { timeInside } from "../protocol/ids.ts";
import type { ChatMessage } from "./chat-message.ts";

/** The highest UNSTORED_CAP there is: a benchmark without a worker stores nothing. */
const CAP = 90_000;

/** Appends a message with all that a gateway does for one, from the hash of its text on. */
export async function appendMessage(
  link: RedisLink,
  message: ChatMessage,
): Promise<Extract<AppendResult, { status: "accepted" }>> {
  const { room, author, clientId, text, at } = message;
  const draft: DraftOf<"message.sent"> = {
    type: "message.sent",
    at,
    by: author,
    clientId,
    text,
    mentions: [],
  };
  const result = await appendFact(link, {
    room,
    author: author.id,
    at,
    rest: factRest(draft),
    idempotency: {
      key: `${author.id}:${clientId}`,
      hash: hash("sha1", `\n${text}`, "base64url").slice(0, 16),
      bornMs: timeInside(clientId),
      // A room's first minute asks Postgres; rooms are older than that.
      checked: true,
    },
    policy: { version: 1, verdict: null },
    guard: "mute",
    slowModeMs: 0,
    cap: CAP,
    isMessage: true,
    target: null,
    replyTo: null,
    effects: [],
  });
  if (result.status !== "accepted") throw new Error(`An append was answered ${result.status}`);
  return result;
}
