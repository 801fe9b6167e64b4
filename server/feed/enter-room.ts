import { type LogPage, readAfter, readBefore } from "../../db/history.ts";
import { countFacts, endOfEpoch } from "../../db/seed-room.ts";
import type { CommandOutput, ParsedInput } from "../../protocol/commands.ts";
import type { Cursor, RoomId } from "../../protocol/ids.ts";
import type { Deps, RoomCall } from "../rooms/act.ts";
import { membershipOf } from "../rooms/read-marker.ts";
import { refuseBanned } from "../rooms/refuse-banned.ts";
import { showPresence, showRoom } from "../rooms/room-view.ts";
import { attachMember } from "./attach-member.ts";
import type { FeedHub } from "./feed-hub.ts";
import type { Member } from "./live-room.ts";

type Entering = ParsedInput<"room:enter">;
type Entered = CommandOutput<"room:enter">;

/** The reply of an entering, and what makes the connection live once the reply is on its way. */
export interface EnterResult {
  reply: Entered;
  goLive: () => Promise<void>;
}

/**
 * Enters a room, or carries on from a cursor.
 *
 * The page is read from the log; then, after the reply, the feed hands over what came since and
 * makes the connection live in the same turn. So reply and pushes meet without a gap or a double,
 * and no reply is larger than `limit` (G5).
 */
export async function enterRoom(
  deps: Deps,
  hub: FeedHub,
  call: RoomCall,
  input: Entering,
  member: Member,
): Promise<EnterResult> {
  const id = call.rules.row.id;
  const room = await hub.open(id);
  const visit = hub.sit(room, member, input.lurk);
  try {
    // After taking the seat: a ban that comes from now on shows in the feed, and takes the seat away.
    await refuseBanned(deps, call);
  } catch (error) {
    hub.leave(id, member);
    throw error;
  }
  const [me, shown, presence] = await Promise.all([
    membershipOf(deps, call, { join: !input.lurk }),
    showRoom(deps, call.rules.row),
    showPresence(deps, id),
  ]);
  // Last, so that nothing of it is taken back while Postgres answers all the rest (G19).
  const catchUp = await readCatchUp(deps, id, input);
  const { page, more, skipped, resetTo } = catchUp;
  const { epoch, head, stored, prev, facts } = page;
  const reply: Entered = {
    room: shown,
    me,
    epoch,
    head,
    stored,
    prev,
    events: facts,
    more,
    ...(skipped === null ? {} : { skipped }),
    ...(resetTo === null ? {} : { resetTo }),
    presence,
  };
  const goLive = async () => {
    if (more) return;
    await attachMember(room, { member, visit }, { epoch, prev, facts });
  };
  return { reply, goLive };
}

interface CatchUp {
  page: LogPage;
  more: boolean;
  skipped: NonNullable<Entered["skipped"]> | null;
  resetTo: number | null;
}

async function readCatchUp(deps: Deps, room: RoomId, input: Entering): Promise<CatchUp> {
  const { stores } = deps;
  const { since, limit } = input;
  if (since === undefined) {
    return { page: await readNewest(deps, room, limit), more: false, skipped: null, resetTo: null };
  }
  let page = await readAfter(stores, { room, after: since.seq, limit });
  const resetTo = await resetOf(deps, room, since, page);
  const after = resetTo ?? since.seq;
  // Anew even from the same place: Postgres was asked meanwhile.
  if (resetTo !== null) page = await readAfter(stores, { room, after, limit });
  if (!page.more || input.catchUp === "all") {
    return { page, more: page.more, skipped: null, resetTo };
  }
  const { prev } = await readNewest(deps, room, limit);
  const count = await countFacts(stores, { room, after, upTo: prev });
  const skipped = { from: page.facts[0]?.seq ?? after + 1, to: prev, count };
  page = await readAfter(stores, { room, after: prev, limit });
  return { page, more: false, skipped: count > 0 ? skipped : null, resetTo };
}

function readNewest({ stores }: Deps, room: RoomId, limit: number): Promise<LogPage> {
  return readBefore(stores, { room, before: Number.MAX_SAFE_INTEGER, limit });
}

/** The seq above which a client must drop what it has, because it was lost or never was; null when all stands. */
async function resetOf(
  { stores }: Deps,
  room: RoomId,
  since: Cursor,
  { epoch, head }: LogPage,
): Promise<number | null> {
  if (since.epoch < epoch) {
    const end = await endOfEpoch(stores, room, since.epoch);
    return Math.min(since.seq, end ?? since.seq);
  }
  return since.epoch > epoch || since.seq > head ? Math.min(since.seq, head) : null;
}
