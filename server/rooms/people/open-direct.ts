import type { TransactionSql } from "postgres";

import { appendPending, notePending } from "../../../db/pending-facts.ts";
import { areApart, lockPair, type Pair } from "../../../db/postgres/contacts.ts";
import {
  countAsked,
  createDirectRoom,
  type DirectPair,
  findPair,
  insertPair,
  joinDirectRoom,
  setPairState,
} from "../../../db/postgres/direct-rooms.ts";
import { seedRoomLog } from "../../../db/seed-room.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { RoomId } from "../../../protocol/ids.ts";
import type { User } from "../../../protocol/shapes.ts";
import type { Deps, PlainAct } from "../act.ts";
import { showRoom } from "../room-view.ts";
import { signedIn } from "../signed-in.ts";
import { sayIn } from "./say-in.ts";
import { apart, somebodyElse } from "./somebody-else.ts";

/** So many people may be asked who have not agreed: more is advertising. */
const MOST_ASKED = 20;

/**
 * The conversation of the caller and another: made when there is none, agreed on when the other asked.
 * Who follows the caller need not be asked. Errors: `forbidden` when one blocks the other, `rate_limited`.
 */
export const openDirect: PlainAct<"direct:open"> = async (deps, caller, { user, text }) => {
  const { pair, me, person } = await somebodyElse(deps, caller, user);
  const { room, isNew } = await deps.stores.store.sql.begin(async (tx) => {
    await lockPair(tx, pair);
    if (await areApart(tx, [pair.user, pair.other])) throw apart();
    const found = await findPair(tx, pair);
    if (found === null) return { room: await make(tx, pair, me.user, person), isNew: true };
    await agree(tx, { deps, pair, found, me: me.user, person });
    return { room: found.room, isNew: false };
  });
  if (isNew) await seedRoomLog(deps.stores, room);
  else await appendPending(deps.stores, room);
  const rules = await deps.rules.reload(room);
  if (text !== undefined) await sayIn(deps, me, rules, text);
  return showRoom(deps, rules.row);
};

async function make(tx: TransactionSql, pair: Pair, me: User, person: User): Promise<RoomId> {
  const isWelcome = await follows(tx, person, me);
  if (!isWelcome && (await countAsked(tx, me.id)) >= MOST_ASKED) {
    throw new Refusal("rate_limited", "You have asked many people who have not agreed yet.", {
      retryAfterMs: 3_600_000,
    });
  }
  const room = await createDirectRoom(tx, {
    by: me.id,
    people: isWelcome ? [me.id, person.id] : [me.id],
    named: [me, person],
  });
  const state = isWelcome ? "open" : "asked";
  await insertPair(tx, pair, { room, askedBy: me.id, state });
  return room;
}

/** Opens what was asked for, when the caller is who was asked, or when the other follows them by now. */
async function agree(
  tx: TransactionSql,
  on: { deps: Deps; pair: Pair; found: DirectPair; me: User; person: User },
): Promise<void> {
  const { deps, pair, found, me, person } = on;
  if (found.state === "open") return;
  const isAsked = found.askedBy !== me.id;
  if (!isAsked && !(await follows(tx, person, me))) return;
  const { room } = found;
  const joins = isAsked ? me : person;
  await setPairState(tx, pair, "open");
  const policy = await joinDirectRoom(tx, room, joins.id);
  await notePending(tx, {
    room,
    author: me.id,
    draft: {
      type: "member.role",
      at: new Date(deps.now()).toISOString(),
      by: { id: me.id, name: me.name },
      user: joins.id,
      role: "member",
    },
    effects: [{ kind: "policy", version: policy }],
  });
}

async function follows(tx: TransactionSql, person: User, me: User): Promise<boolean> {
  const rows = await tx`
    SELECT 1 FROM contacts WHERE user_id = ${person.id} AND contact_id = ${me.id}`;
  return rows.length > 0;
}

/** Says no to a conversation that the caller is asked for; opening it later still agrees. */
export const declineDirect: PlainAct<"direct:decline"> = async (deps, caller, { user }) => {
  const pair = { user: signedIn(caller).user.id, other: user };
  await deps.stores.store.sql.begin(async (tx) => {
    await lockPair(tx, pair);
    const found = await findPair(tx, pair);
    if (found?.state !== "asked" || found.askedBy === pair.user) {
      throw new Refusal("not_found", "They do not ask you for a conversation.");
    }
    await setPairState(tx, pair, "declined");
  });
  return {};
};
