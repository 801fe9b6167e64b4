import { setTimeout } from "node:timers/promises";

import { tellBars } from "../../db/bars.ts";
import { leafOf, LEAF_MESSAGES } from "../../db/digest/cover.ts";
import { eraseHotDeeds } from "../../db/erase-facts.ts";
import { appendPending, notePending } from "../../db/pending-facts.ts";
import { appendAudit } from "../../db/postgres/audit.ts";
import { writeDigests } from "../../db/postgres/digests.ts";
import {
  eraseDeeds,
  eraseElsewhere,
  eraseGists,
  eraseMessages,
  findErasure,
  findHeir,
  noteRoomAct,
  noteRoomDone,
  noteRooms,
  readReasonsAbout,
  readSeqsSaid,
  roomsLeft,
} from "../../db/postgres/erasures.ts";
import { setRole } from "../../db/postgres/members.ts";
import { readDigested } from "../../db/postgres/placements.ts";
import { hasForgotten, isIndexed, takeFromIndex } from "../../db/postgres/search-index.ts";
import { readDirtyRooms } from "../../db/redis/dirty.ts";
import { readHeads } from "../../db/redis/room-log.ts";
import type { Stores } from "../../db/stores.ts";
import {
  type ClientId,
  EDDY,
  type ErasureId,
  type RoomId,
  type UserId,
} from "../../protocol/ids.ts";

/** What erasing works with. */
export interface ErasureDeps {
  stores: Stores;
  now: () => number;
  /** Told from 0 to 1. */
  onProgress: (progress: number) => void;
  shouldStop: () => boolean;
}

const MESSAGES_AT_ONCE = 500;
const WAIT_MS = 20_000;
const POLL_MS = 50;

/** Who is erased, and by which wish. */
interface Wish {
  id: ErasureId;
  user: UserId;
}

/**
 * Erases a person: first they can say nothing more anywhere, then what they said and did goes, room by
 * room, then all else. Each step is harmless to do again, so that a run which was killed is begun anew
 * where it was. Errors: when it is stopped or a store fails; then the next run goes on.
 */
export async function erasePerson(deps: ErasureDeps, id: ErasureId): Promise<void> {
  const { stores } = deps;
  const { sql } = stores.store;
  const erasure = await findErasure(sql, id);
  if (erasure === null || erasure.state === "done") return;
  const wish = { id, user: erasure.user };
  await tellBars(stores, wish.user);
  await untilAllIsStored(deps);
  await noteRooms(sql, wish);
  const rooms = await roomsLeft(sql, id);
  for (const [i, { room, act }] of rooms.entries()) {
    if (deps.shouldStop()) throw new Error("the worker stops");
    await eraseInRoom(deps, wish, room, act);
    await noteRoomDone(sql, { id, room });
    deps.onProgress((i + 1) / (rooms.length + 1));
  }
  // Words of the index are nobody's; where indexing is behind, they are forgotten when it is not.
  await until(deps.shouldStop, () => hasForgotten(sql)).catch(() => {});
  await eraseElsewhere(sql, wish);
  // The append-only file still says all of it until it is written anew. Managed services do that themselves.
  await stores.link.redis.bgrewriteaof().catch(() => {});
}

/** What they said before they were barred is in Postgres, wherever it was: there it is found. */
async function untilAllIsStored({ stores, shouldStop }: ErasureDeps): Promise<void> {
  const { link } = stores;
  const rooms = await readDirtyRooms(link);
  const heads = new Map(
    (await readHeads(link, rooms)).map((head, i) => [rooms[i], head?.head ?? 0]),
  );
  await until(shouldStop, async () => {
    const now = await readHeads(link, rooms);
    return now.every((head, i) => (head?.stored ?? 0) >= (heads.get(rooms[i]) ?? 0));
  });
}

async function until(shouldStop: () => boolean, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await check())) {
    if (shouldStop()) throw new Error("the worker stops");
    if (Date.now() > deadline) throw new Error("the erasing waits for facts to be stored");
    await setTimeout(POLL_MS);
  }
}

/** One fact takes all their messages in a room. Postgres has forgotten the texts before it is appended (G19). */
async function eraseInRoom(
  deps: ErasureDeps,
  wish: Wish,
  room: RoomId,
  known: ClientId | null,
): Promise<void> {
  const { stores, shouldStop } = deps;
  const { sql } = stores.store;
  const { user } = wish;
  let last = 0;
  await eachStretch(deps, { room, user }, async (said) => {
    await eraseMessages(
      sql,
      room,
      said.map(({ seq }) => seq),
    );
    await takeFromIndex(
      sql,
      room,
      said.map(({ seq }) => seq),
    );
    last = said.at(-1)?.seq ?? last;
  });
  if (last > 0) {
    if (known === null) await noteFact(deps, wish, room, last);
    await appendPending(stores, room);
    await until(shouldStop, async () => {
      const standing = await readDigested(sql, room);
      return standing === null || standing.seq >= last;
    });
    await until(shouldStop, async () => {
      const [mark] = await sql<{ seq: number }[]>`
        SELECT stored_seq AS seq FROM rooms WHERE id = ${room}`;
      return isIndexed(sql, room, mark?.seq ?? 0);
    });
    // Whoever indexed meanwhile may have read the text before it was gone.
    await eachStretch(deps, { room, user }, (said) =>
      takeFromIndex(
        sql,
        room,
        said.map(({ seq }) => seq),
      ),
    );
    await eachStretch(deps, { room, user }, (said) =>
      sql.begin(async (tx) => {
        const numbers = await eraseGists(
          tx,
          room,
          said.map(({ seq }) => seq),
        );
        const [row] = await tx<{ n: number }[]>`
          SELECT n FROM placements WHERE room_id = ${room} ORDER BY n DESC LIMIT 1`;
        const messages = row?.n ?? 0;
        const leaves = [...new Set(numbers.map(leafOf))];
        const full = leaves.filter((leaf) => (leaf + 1) * LEAF_MESSAGES <= messages);
        await writeDigests(tx, room, { leaves: full, messages });
      }),
    );
  }
  await endMembership(deps, user, room);
  await appendPending(stores, room);
  await untilStored(deps, room);
  const about = await readReasonsAbout(sql, room, user);
  await eraseDeeds(sql, { room, user, about });
  await eraseHotDeeds(stores, { room, user, about });
}

/** Calls for all that someone said in a room, some at a time. */
async function eachStretch(
  { stores, shouldStop }: ErasureDeps,
  of: { room: RoomId; user: UserId },
  work: (said: { seq: number; n: number }[]) => Promise<unknown>,
): Promise<void> {
  for (let after = 0; ;) {
    if (shouldStop()) throw new Error("the worker stops");
    const said = await readSeqsSaid(stores.store.sql, { ...of, after, limit: MESSAGES_AT_ONCE });
    if (said.length === 0) return;
    await work(said);
    after = said.at(-1)?.seq ?? after;
  }
}

async function noteFact(
  { stores, now }: ErasureDeps,
  { id, user }: Wish,
  room: RoomId,
  last: number,
): Promise<void> {
  const at = new Date(now()).toISOString();
  await stores.store.sql.begin(async (tx) => {
    const act = await notePending(tx, {
      room,
      author: EDDY,
      draft: {
        type: "messages.removed",
        at,
        by: { id: EDDY, name: "Eddy" },
        targets: [[1, last]],
        author: user,
        reason: "Who said this was erased.",
        erased: true,
      },
      effects: [],
    });
    await noteRoomAct(tx, { id, room, act });
    await appendAudit(tx, room, [
      { at, actor: EDDY, action: "messages.removed", target: user, act, after: { erased: true } },
    ]);
  });
}

/** They are a member no more. Whoever has moderated longest takes over a room that they owned alone. */
async function endMembership(
  { stores, now }: ErasureDeps,
  user: UserId,
  room: RoomId,
): Promise<void> {
  const at = new Date(now()).toISOString();
  const by = { id: EDDY, name: "Eddy" };
  await stores.store.sql.begin(async (tx) => {
    const heir = await findHeir(tx, room, user);
    if (heir !== null) {
      const version = await setRole(tx, { room, user: heir, role: "owner" });
      const draft = { type: "member.role", at, by, user: heir, role: "owner" } as const;
      const effects = [{ kind: "policy", version } as const];
      const act = await notePending(tx, { room, author: EDDY, draft, effects });
      const after = { role: "owner" };
      await appendAudit(tx, room, [
        { at, actor: EDDY, action: "member.role", target: heir, act, after },
      ]);
    }
    await tx`DELETE FROM members WHERE room_id = ${room} AND user_id = ${user}`;
  });
}

async function untilStored({ stores, shouldStop }: ErasureDeps, room: RoomId): Promise<void> {
  const [before] = await readHeads(stores.link, [room]);
  await until(shouldStop, async () => {
    const [now] = await readHeads(stores.link, [room]);
    return (now?.stored ?? 0) >= (before?.head ?? 0);
  });
}
