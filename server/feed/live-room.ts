import type { Fact, Push, PushName } from "../../protocol/facts.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { User } from "../../protocol/shapes.ts";
import type { Eras } from "./eras.ts";
import type { RoomFeed } from "./room-feed.ts";
import { RoomPresence } from "./room-presence.ts";
import type { SharedLog } from "./shared-log.ts";

/** One connection, as the feed sees it. */
export interface Member {
  readonly id: string;
  readonly user: User;
  /** Sends to this connection only. */
  push: <N extends PushName>(name: N, data: Push<N>) => void;
  /** Begins or ends to get what the room's live members get. */
  goLive: (room: RoomId) => void;
  goQuiet: (room: RoomId) => void;
  /** Whether what was sent to it is mostly read: else nothing more is sent, and its memory stays bounded (G11). */
  isReading: () => boolean;
  /** Resolves when it reads again, or is gone. */
  whenReading: () => Promise<void>;
}

/** Someone in a room, from entering to leaving. */
interface Seat {
  member: Member;
  lurking: boolean;
  /** New with every entering and holding, so that an older one that is still under way stops. */
  visit: number;
}

/** One room on this gateway: its feed, and who sits in it. */
export class LiveRoom {
  readonly id: RoomId;
  readonly feed: RoomFeed;
  /** What those who catch up read. */
  readonly log: SharedLog;
  readonly eras: Eras;
  readonly presence = new RoomPresence();
  readonly #seats = new Map<string, Seat>();
  readonly #live = new Set<Seat>();
  /** Counted for the room, not the seat: who leaves and comes back must not be taken for who was here before. */
  #visits = 0;
  /** When the last one went (ms); the subscription is kept a while for those who come right back. */
  emptySince: number;
  /** When the head was last told to members (ms). */
  headToldAt = 0;
  /** When a change of who is here was last told (ms). */
  presenceToldAt = 0;
  /** Up to where everyone was told that the log is stored. */
  storedTold = 0;
  /** Who said something that is not known to be stored: the seq of the newest. */
  readonly #unstored = new Map<UserId, number>();

  constructor(id: RoomId, reads: { feed: RoomFeed; log: SharedLog; eras: Eras }, now: number) {
    this.id = id;
    this.feed = reads.feed;
    this.log = reads.log;
    this.eras = reads.eras;
    this.emptySince = now;
  }

  get seats(): IterableIterator<Seat> {
    return this.#seats.values();
  }

  /** Connections that get what is delivered. */
  get liveCount(): number {
    return this.#live.size;
  }

  get isEmpty(): boolean {
    return this.#seats.size === 0;
  }

  /**
   * Gives a connection a seat that is not live yet. Answers the visit's number, and whether the person
   * is new here, or not here any more: who enters again to lurk has left the list.
   */
  sit(member: Member, lurking: boolean): { visit: number; arrived: boolean; departed: boolean } {
    const known = this.#seats.get(member.id);
    if (known !== undefined) {
      this.#live.delete(known);
      known.visit = ++this.#visits;
      member.goQuiet(this.id);
      const arrived = known.lurking && !lurking && this.presence.enter(member.user.id);
      const departed = !known.lurking && lurking && this.presence.leave(member.user.id);
      known.lurking = lurking;
      return { visit: known.visit, arrived, departed };
    }
    const visit = ++this.#visits;
    this.#seats.set(member.id, { member, lurking, visit });
    const arrived = !lurking && this.presence.enter(member.user.id);
    return { visit, arrived, departed: false };
  }

  /** Whether a connection sits here, live or not. */
  hasSeat(member: Member): boolean {
    return this.#seats.has(member.id);
  }

  /** Whether this visit is the one that counts, and is not live yet. */
  isWaiting(member: Member, visit: number): boolean {
    const seat = this.#seats.get(member.id);
    return seat !== undefined && seat.visit === visit && !this.#live.has(seat);
  }

  /** Whether this visit is the one that counts, and gets what is live. */
  isLive(member: Member, visit: number): boolean {
    const seat = this.#seats.get(member.id);
    return seat !== undefined && seat.visit === visit && this.#live.has(seat);
  }

  /** A live connection gets nothing for now. Answers the number of the visit that waits; null when it was not live. */
  hold(member: Member): number | null {
    const seat = this.#seats.get(member.id);
    if (seat === undefined || !this.#live.delete(seat)) return null;
    seat.visit = ++this.#visits;
    member.goQuiet(this.id);
    return seat.visit;
  }

  goLive(member: Member): void {
    const seat = this.#seats.get(member.id);
    if (seat === undefined) return;
    this.#live.add(seat);
    member.goLive(this.id);
  }

  /** Takes a connection's seat away; true when the person is not here any more. */
  stand(member: Member, now: number): boolean {
    const seat = this.#seats.get(member.id);
    if (seat === undefined) return false;
    this.#seats.delete(member.id);
    this.#live.delete(seat);
    member.goQuiet(this.id);
    if (this.#seats.size === 0) this.emptySince = now;
    return !seat.lurking && this.presence.leave(member.user.id);
  }

  /** Nobody is live any more: all who were have to enter again. Those who are entering find out by themselves. */
  quietAll(): void {
    for (const seat of this.#live) {
      seat.visit = ++this.#visits;
      seat.member.goQuiet(this.id);
    }
    this.#live.clear();
  }

  /** Notes who said what was delivered: they wait to hear that it is stored. */
  noteSaid(facts: readonly Fact[]): void {
    for (const { by, seq } of facts) this.#unstored.set(by.id, seq);
  }

  /** The live connections of those who said something up to a seq and were not told that it is stored. */
  takeWaiting(storedSeq: number): Member[] {
    if (this.#unstored.size === 0) return [];
    const waiting = [...this.#live]
      .map(({ member }) => member)
      .filter(({ user }) => this.#unstored.has(user.id));
    for (const [user, seq] of this.#unstored) if (seq <= storedSeq) this.#unstored.delete(user);
    return waiting;
  }

  /** The connections of one person. */
  seatsOf(user: UserId): Member[] {
    return [...this.#seats.values()]
      .filter(({ member }) => member.user.id === user)
      .map(({ member }) => member);
  }
}
