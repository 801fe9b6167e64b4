import { type LogPage, readAfter, readBefore } from "../../db/history.ts";
import { readMessagesNow } from "../../db/messages.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { RoomAct } from "./act.ts";
import { decodeCursor, encodeCursor, notOurs } from "./paging.ts";

/** Facts after, before or around a seq; the newest when none is named. */
export const readHistory: RoomAct<"room:history"> = async (deps, call, input) => {
  const { limit } = input;
  const room = call.rules.row.id;
  if (input.around !== undefined) {
    const before = Math.ceil(limit / 2);
    const earlier = await readBefore(deps.stores, {
      room,
      before: input.around + 1,
      limit: before,
    });
    const rest = limit - earlier.facts.length;
    const later =
      rest === 0 ? null : await readAfter(deps.stores, { room, after: input.around, limit: rest });
    return answer({
      ...earlier,
      facts: [...earlier.facts, ...(later?.facts ?? [])],
      more: earlier.more || (later?.more ?? true),
    });
  }
  if (input.after !== undefined) {
    return answer(await readAfter(deps.stores, { room, after: input.after, limit }));
  }
  const before = input.before ?? Number.MAX_SAFE_INTEGER;
  return answer(await readBefore(deps.stores, { room, before, limit }));
};

function answer({ facts, prev, more }: LogPage) {
  return { events: facts, prev, next: facts.at(-1)?.seq ?? prev, more };
}

/** Messages as they are now; `nextCursor` goes on in the direction that was asked for. */
export const listMessages: RoomAct<"message:list"> = async (deps, call, input) => {
  const { limit } = input;
  const ask = { room: call.rules.row.id, viewer: call.caller.user.id };
  if (input.around !== undefined) {
    const half = Math.ceil(limit / 2);
    const earlier = await readMessagesNow(deps.stores, {
      ...ask,
      after: 0,
      before: input.around + 1,
      limit: half,
      newestFirst: true,
    });
    const rest = limit - earlier.messages.length;
    const later =
      rest === 0
        ? { messages: [] }
        : await readMessagesNow(deps.stores, {
            ...ask,
            after: input.around,
            before: Number.MAX_SAFE_INTEGER,
            limit: rest,
            newestFirst: false,
          });
    return { items: [...earlier.messages, ...later.messages], nextCursor: null };
  }
  const { after, before } = input.cursor === undefined ? input : placeOf(input.cursor);
  const forward = after !== undefined;
  const { messages, more } = await readMessagesNow(deps.stores, {
    ...ask,
    after: after ?? 0,
    before: before ?? Number.MAX_SAFE_INTEGER,
    limit,
    newestFirst: !forward,
  });
  const edge = forward ? messages.at(-1) : messages[0];
  const next = edge === undefined ? [] : [forward ? "after" : "before", edge.seq];
  return { items: messages, nextCursor: more ? encodeCursor(next) : null };
};

function placeOf(cursor: string): { after?: number; before?: number } {
  const [way, seq] = decodeCursor(cursor) ?? [];
  if (typeof seq !== "number") throw notOurs();
  if (way === "after") return { after: seq };
  if (way === "before") return { before: seq };
  throw notOurs();
}

/** One message as it is now. */
export const getMessage: RoomAct<"message:get"> = async (deps, call, { seq }) => {
  const { messages } = await readMessagesNow(deps.stores, {
    room: call.rules.row.id,
    viewer: call.caller.user.id,
    after: seq - 1,
    before: seq + 1,
    limit: 1,
    newestFirst: false,
  });
  const [message] = messages;
  if (message === undefined) throw new Refusal("not_found", "There is no message at this seq.");
  return message;
};
