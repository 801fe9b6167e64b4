import type { Fact } from "../../protocol/facts.ts";
import type { LiveRoom, Member } from "./live-room.ts";

/** What a member has of a room's log: facts and the position before the first of them. */
export interface Read {
  epoch: number;
  prev: number;
  facts: Fact[];
}

/** Gives a member what it lacks after what it has read, and makes it live (G5). */
export async function attachMember(
  room: LiveRoom,
  { member, visit }: { member: Member; visit: number },
  read: Read,
): Promise<void> {
  const { id, feed } = room;
  const restart = (epoch: number, lost: { from: number; to: number } | null) =>
    member.push("room.reset", { room: id, epoch, lost });
  const attaching = feed.attach(
    {
      push: (batch) => member.push("room.events", { room: id, ...batch }),
      join: () => room.goLive(member),
      restart,
      isWaiting: () => room.isWaiting(member, visit),
      isReading: () => member.isReading(),
      whenReading: () => member.whenReading(),
    },
    read.facts.at(-1)?.seq ?? read.prev,
    read,
  );
  // It was told that facts carry on; when they cannot, the client has to know and enter again.
  await attaching.catch(() => {
    if (room.isWaiting(member, visit)) restart(read.epoch, null);
  });
}

/**
 * Takes a member that does not read out of what is live, and keeps its place: once it has read what
 * waits for it, it gets what it missed, page by page as it reads, and is live again (G11).
 */
export async function holdMember(room: LiveRoom, member: Member): Promise<void> {
  const visit = room.hold(member);
  if (visit === null) return;
  const { epoch, delivered } = room.feed;
  await attachMember(room, { member, visit }, { epoch, prev: delivered, facts: [] });
  // What everyone else was told meanwhile, and its outbox waits for.
  if (room.storedTold > 0 && room.isLive(member, visit)) {
    member.push("room.stored", { room: room.id, epoch: room.feed.epoch, seq: room.storedTold });
  }
}
