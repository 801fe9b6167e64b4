import { findSend } from "../../db/postgres/facts.ts";
import { findHandles } from "../../db/postgres/users.ts";
import { sendHash } from "../../db/send-hash.ts";
import type { DraftOf } from "../../protocol/facts.ts";
import { timeInside, type UserId } from "../../protocol/ids.ts";
import type { Deps, RoomAct, RoomCall } from "./act.ts";
import { type Answer, appendSpeech, clash } from "./append-speech.ts";

/** Says something in a room. The same clientId again is the same message (G4). */
export const sendMessage: RoomAct<"message:send"> = async (deps, call, input) => {
  const { clientId, text, replyTo } = input;
  const author = call.caller.user;
  const draft: DraftOf<"message.sent"> = {
    type: "message.sent",
    at: new Date(deps.now()).toISOString(),
    by: { id: author.id, name: author.name },
    clientId,
    text,
    ...(replyTo === undefined ? {} : { replyTo }),
    mentions: await resolveMentions(deps, text),
  };
  const answer = await appendSpeech(deps, call, {
    draft,
    idempotency: {
      key: `${author.id}:${clientId}`,
      hash: sendHash(text, replyTo),
      bornMs: timeInside(clientId),
    },
    guard: "mute",
    text,
    effects: [],
    findEarlier: () => findEarlier(deps, call, draft),
  });
  if (answer === null) throw new Error("A new message changes no other, so it cannot have moved");
  return answer;
};

/** The stored message of an earlier send with this clientId. Errors: `conflict` when it said something else. */
async function findEarlier(
  deps: Deps,
  { caller, rules }: RoomCall,
  draft: DraftOf<"message.sent">,
): Promise<Answer | null> {
  const room = rules.row.id;
  const stored = await findSend(deps.stores.store.sql, {
    room,
    author: caller.user.id,
    clientId: draft.clientId,
  });
  if (stored === null) return null;
  // After an edit or a removal nobody knows any more what it said first: take it for the same.
  const changed = stored.edited || stored.text === null;
  if (!changed && (stored.text !== draft.text || stored.replyTo !== (draft.replyTo ?? null))) {
    throw clash();
  }
  return { seq: stored.seq, epoch: rules.row.epoch, at: stored.at, duplicate: true };
}

const HANDLE = /(?<![\p{L}\p{N}_-])@([a-z0-9]+(?:[-_][a-z0-9]+)*)/gu;
const MOST_MENTIONS = 20;

/** Whom a text names by `@handle`. Only a text with such a word costs a look-up. */
export async function resolveMentions(
  { stores }: Pick<Deps, "stores">,
  text: string,
): Promise<UserId[]> {
  if (!text.includes("@")) return [];
  const handles = new Set([...text.matchAll(HANDLE)].map(([, handle = ""]) => handle));
  if (handles.size === 0) return [];
  const named = [...handles].slice(0, MOST_MENTIONS);
  // A message must not wait for Postgres' troubles: without it, nobody is mentioned.
  const found = await findHandles(stores.store, named).catch(() => new Map<string, UserId>());
  return named.flatMap((handle) => found.get(handle) ?? []);
}
