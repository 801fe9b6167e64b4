import { readMessagesNow } from "../../../db/messages.ts";
import { addReport, openCase } from "../../../db/postgres/cases.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { RoomAct } from "../act.ts";
import { tellOfCase } from "./tell.ts";

/**
 * Reports a message. However many do, it is one case, whose row the first of them makes and the others
 * lock; what the message says now is kept with it, whatever its author does next.
 */
export const reportMessage: RoomAct<"report:create"> = async (deps, call, input) => {
  const { stores } = deps;
  const { seq, category, note } = input;
  const room = call.rules.row.id;
  const reporter = call.caller.user;
  const { messages } = await readMessagesNow(stores, {
    room,
    viewer: reporter.id,
    after: seq - 1,
    before: seq + 1,
    limit: 1,
    newestFirst: false,
  });
  const [message] = messages;
  if (message?.text === undefined) {
    throw new Refusal("not_found", "There is no such message, or it was removed.");
  }
  const { text, by } = message;
  if (by.id === reporter.id) {
    throw new Refusal("forbidden", "This message is your own: you may take it back.");
  }
  const at = new Date(deps.now()).toISOString();
  const { id, isNew } = await stores.store.sql.begin(async (tx) => {
    const opened = await openCase(tx, { room, author: by.id, seq, rule: null, at, text });
    await addReport(tx, {
      id: opened.id,
      reporter: reporter.id,
      isGuest: reporter.kind === "guest",
      category,
      note: note ?? null,
      at,
    });
    return opened;
  });
  const change = isNew ? "opened" : "reported";
  await tellOfCase(deps, { room, id, kind: "message", change, about: by.id });
  return { id, seq, category, ...(note === undefined ? {} : { note }), at };
};
