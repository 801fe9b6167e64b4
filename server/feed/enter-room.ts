import type { LogPage } from "../../db/history.ts";
import type { CommandOutput, ParsedInput } from "../../protocol/commands.ts";
import type { Cursor } from "../../protocol/ids.ts";
import type { Deps, RoomCall } from "../rooms/act.ts";
import { membershipOf } from "../rooms/read-marker.ts";
import { refuseBanned } from "../rooms/refuse-banned.ts";
import { showRoom } from "../rooms/room-view.ts";
import { attachMember } from "./attach-member.ts";
import { countFacts, endOfEpoch, type Eras } from "./eras.ts";
import type { FeedHub } from "./feed-hub.ts";
import type { LiveRoom, Member } from "./live-room.ts";
import type { SharedPage } from "./shared-log.ts";

type Entering = ParsedInput<"room:enter">;
type Entered = CommandOutput<"room:enter">;

/** The reply of an entering, and what makes the connection live once the reply is on its way. */
export interface EnterResult {
  /** All but the events. */
  reply: Omit<Entered, "events">;
  /** The events as a JSON array, written once for all who are sent the same. */
  eventsJson: string;
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
    deps.lookups.presence(id),
  ]);
  // Last, so that nothing of it is taken back while Postgres answers all the rest (G19).
  const catchUp = await readCatchUp(room, input);
  const { page, more, skipped, resetTo } = catchUp;
  const { epoch, head, stored, prev, facts } = page;
  const reply: Omit<Entered, "events"> = {
    room: shown,
    me,
    epoch,
    head,
    stored,
    prev,
    more,
    ...(skipped === null ? {} : { skipped }),
    ...(resetTo === null ? {} : { resetTo }),
    presence,
  };
  const goLive = async () => {
    if (more) return;
    await attachMember(room, { member, visit }, { epoch, prev, facts });
  };
  return { reply, eventsJson: page.json, goLive };
}

interface CatchUp {
  page: SharedPage;
  more: boolean;
  skipped: NonNullable<Entered["skipped"]> | null;
  resetTo: number | null;
}

async function readCatchUp({ log, eras }: LiveRoom, input: Entering): Promise<CatchUp> {
  const { since, limit } = input;
  if (since === undefined) {
    return { page: await log.newest(limit), more: false, skipped: null, resetTo: null };
  }
  for (;;) {
    let page = await log.after(since.seq, limit);
    const { epoch } = page;
    const resetTo = await resetOf(eras, since, page);
    const after = resetTo ?? since.seq;
    // Anew even from the same place: Postgres may have been asked meanwhile.
    if (resetTo !== null) page = await log.after(after, limit);
    if (page.more && input.catchUp === "newest") {
      const first = page.facts[0]?.seq ?? after + 1;
      const known = await eras.upTo(epoch);
      page = await log.newest(limit);
      const to = page.prev;
      const count = countFacts(known, { after, upTo: to });
      const skipped = count > 0 ? { from: first, to, count } : null;
      if (page.epoch === epoch) return { page, more: false, skipped, resetTo };
    } else if (page.epoch === epoch) {
      return { page, more: page.more, skipped: null, resetTo };
    }
    // The log went into another epoch meanwhile: what was found out is about an older one.
  }
}

/** The seq above which a client must drop what it has, because it was lost or never was; null when all stands. */
async function resetOf(
  eras: Eras,
  since: Cursor,
  { epoch, head }: Pick<LogPage, "epoch" | "head">,
): Promise<number | null> {
  if (since.epoch < epoch) {
    return Math.min(since.seq, endOfEpoch(await eras.upTo(epoch), since.epoch));
  }
  return since.epoch > epoch || since.seq > head ? Math.min(since.seq, head) : null;
}
