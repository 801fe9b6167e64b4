import type { TransactionSql } from "postgres";

import { appendPending, notePending } from "../../../db/pending-facts.ts";
import {
  addBlock,
  areApart,
  listBlocks,
  type Pair,
  removeBlock,
} from "../../../db/postgres/contacts.ts";
import { findPair } from "../../../db/postgres/direct-rooms.ts";
import { changeRoom } from "../../../db/postgres/rooms.ts";
import type { RoomId } from "../../../protocol/ids.ts";
import type { User } from "../../../protocol/shapes.ts";
import type { Deps, PlainAct } from "../act.ts";
import { pageOf } from "../paging.ts";
import { signedIn } from "../signed-in.ts";
import { decodeSince } from "./since-cursor.ts";
import { somebodyElse } from "./somebody-else.ts";

/** Blocks someone. The conversation of the two, if there is one, is locked in the same transaction. */
export const blockSomeone: PlainAct<"block:add"> = async (deps, caller, { user }) => {
  const { pair, me } = await somebodyElse(deps, caller, user);
  const room = await deps.stores.store.sql.begin(async (tx) => {
    await addBlock(tx, pair);
    return lockTheirRoom(tx, { deps, pair, by: me.user, locked: true });
  });
  await tellLog(deps, room);
  return {};
};

/** Blocks someone no more; the conversation of the two opens again, unless the other blocks, too. */
export const unblockSomeone: PlainAct<"block:remove"> = async (deps, caller, { user }) => {
  const { pair, me } = await somebodyElse(deps, caller, user);
  const room = await deps.stores.store.sql.begin(async (tx) => {
    await removeBlock(tx, pair);
    if (await areApart(tx, [pair.user, pair.other])) return null;
    return lockTheirRoom(tx, { deps, pair, by: me.user, locked: false });
  });
  await tellLog(deps, room);
  return {};
};

/** Whom the caller blocks. */
export const showBlocks: PlainAct<"block:list"> = async (deps, caller, { cursor, limit }) => {
  const listed = await listBlocks(deps.stores.store, {
    user: signedIn(caller).user.id,
    before: decodeSince(cursor),
    limit: limit + 1,
  });
  const { items, nextCursor } = pageOf(listed, limit, ({ place }) => [place.sinceMs, place.id]);
  return { items: items.map(({ item }) => item), nextCursor };
};

/** Locks or opens the conversation of two, where there is one; answers which room's log must be told. */
async function lockTheirRoom(
  tx: TransactionSql,
  change: { deps: Deps; pair: Pair; by: User; locked: boolean },
): Promise<RoomId | null> {
  const { deps, pair, by, locked } = change;
  const direct = await findPair(tx, pair);
  if (direct === null) return null;
  const { room } = direct;
  const { policy } = await changeRoom(tx, room, { locked });
  await notePending(tx, {
    room,
    author: by.id,
    draft: {
      type: "room.updated",
      at: new Date(deps.now()).toISOString(),
      by: { id: by.id, name: by.name },
      changes: { locked },
    },
    effects: [{ kind: "policy", version: policy }],
  });
  return room;
}

async function tellLog({ stores, hint, rules }: Deps, room: RoomId | null): Promise<void> {
  if (room === null) return;
  await appendPending(stores, room);
  hint.nudge();
  await rules.reload(room);
}
