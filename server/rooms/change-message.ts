import { isConversation } from "../../db/postgres/placements.ts";
import type { ChangedState } from "../../db/redis/room-log.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Draft } from "../../protocol/facts.ts";
import type { UserId } from "../../protocol/ids.ts";
import type { Deps, RoomAct, RoomCall } from "./act.ts";
import { type Answer, appendSpeech } from "./append-speech.ts";
import { changeEffects, findMessage, type FoundMessage } from "./find-message.ts";
import { type Decision, mayEdit, mayMove, mayRemove } from "./policy.ts";

/** Changes the text of one's own message. */
export const editMessage: RoomAct<"message:edit"> = async (deps, call, { seq, text }) => {
  const answer = await change(deps, call, seq, async (message, by) => ({
    decision: mayEdit({ isAuthor: message.author === call.caller.user.id }),
    draft: { type: "message.edited", ...by, target: seq, text },
    state: { text, editedAt: by.at },
    text,
    guard: "mute",
  }));
  return { seq: answer.seq, at: answer.at };
};

/** Takes a message back: one's own, or as a moderator anyone's. */
export const removeMessage: RoomAct<"message:remove"> = async (deps, call, { seq, reason }) => {
  const answer = await change(deps, call, seq, async (message, by) => ({
    decision: await mayRemoveNow(deps, call, message.author),
    draft: {
      type: "message.removed",
      ...by,
      target: seq,
      ...(reason === undefined ? {} : { reason }),
    },
    state: { removed: true },
    text: null,
    guard: "ban",
  }));
  return { seq: answer.seq, at: answer.at };
};

async function mayRemoveNow(deps: Deps, call: RoomCall, author: UserId): Promise<Decision> {
  const { rules, rank, caller } = call;
  if (author === caller.user.id) return mayRemove({ isAuthor: true, rank }, rank);
  return mayRemove({ isAuthor: false, rank }, await deps.rules.roleOf(rules, author));
}

/** Reacts to a message. */
export const addReaction: RoomAct<"reaction:add"> = (deps, call, { seq, emoji }) =>
  annotate(
    deps,
    call,
    seq,
    (by) => ({ type: "reaction.added", ...by, target: seq, emoji }),
    "mute",
  );

/** Takes one's reaction back. */
export const removeReaction: RoomAct<"reaction:remove"> = (deps, call, { seq, emoji }) =>
  annotate(
    deps,
    call,
    seq,
    (by) => ({ type: "reaction.removed", ...by, target: seq, emoji }),
    "ban",
  );

/** Pins a message. */
export const pinMessage: RoomAct<"message:pin"> = (deps, call, { seq }) =>
  annotate(deps, call, seq, (by) => ({ type: "message.pinned", ...by, target: seq }), "ban");

/** Unpins a message. */
export const unpinMessage: RoomAct<"message:unpin"> = (deps, call, { seq }) =>
  annotate(deps, call, seq, (by) => ({ type: "message.unpinned", ...by, target: seq }), "ban");

/** Moves a message to another conversation of the room. Its own seq begins a new one. */
export const moveMessage: RoomAct<"message:move"> = async (deps, call, { seq, conversation }) => {
  const room = call.rules.row.id;
  const { author } = await findMessage(deps, room, seq);
  const decision = mayMove({ isAuthor: author === call.caller.user.id, rank: call.rank });
  if (!decision.allowed) throw new Refusal(decision.code, decision.message);
  const id = Number(conversation);
  if (id !== seq && !(await isConversation(deps.stores.store.sql, room, id))) {
    throw new Refusal("not_found", "There is no such conversation.");
  }
  return annotate(
    deps,
    call,
    seq,
    (by) => ({ type: "message.moved", ...by, target: seq, conversation }),
    "mute",
  );
};

type By = Pick<Draft, "at" | "by">;

interface Change {
  decision: Decision;
  draft: Draft;
  state: Omit<ChangedState, "edits">;
  text: string | null;
  guard: "ban" | "mute";
}

const MOST_TRIES = 8;

/** Appends a change of a message's text; when another change came first, looks again. */
async function change(
  deps: Deps,
  call: RoomCall,
  seq: number,
  plan: (message: FoundMessage, by: By) => Promise<Change>,
): Promise<Answer> {
  const room = call.rules.row.id;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const message = await findMessage(deps, room, seq);
    const { decision, draft, state, text, guard } = await plan(message, byline(deps, call));
    if (!decision.allowed) throw new Refusal(decision.code, decision.message);
    const effects = await changeEffects(deps, room, message, state);
    const answer = await appendSpeech(deps, call, {
      draft,
      idempotency: null,
      guard,
      text,
      effects,
    });
    if (answer !== null) return answer;
  }
  throw new Refusal("unavailable", "The message is being changed by others; try again.");
}

/** Appends something that leaves the text of a message as it is. */
async function annotate(
  deps: Deps,
  call: RoomCall,
  seq: number,
  draft: (by: By) => Draft,
  guard: "ban" | "mute",
): Promise<{ seq: number }> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const { last } = await findMessage(deps, call.rules.row.id, seq);
    const answer = await appendSpeech(deps, call, {
      draft: draft(byline(deps, call)),
      idempotency: null,
      guard,
      text: null,
      // A removal that comes first must win: nobody reacts to what is gone.
      effects: [{ kind: "expect", seq, last }],
    });
    if (answer !== null) return { seq: answer.seq };
  }
  throw new Refusal("unavailable", "The message is being changed by others; try again.");
}

function byline(deps: Deps, { caller }: RoomCall): By {
  return {
    at: new Date(deps.now()).toISOString(),
    by: { id: caller.user.id, name: caller.user.name },
  };
}
