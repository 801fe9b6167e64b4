import type { Redis } from "ioredis";

import { gatherBy } from "../../db/gather.ts";
import { readAfter, readStanding } from "../../db/history.ts";
import { membersAmong } from "../../db/postgres/members.ts";
import { keys } from "../../db/redis/keys.ts";
import { readPresent, noteAbsent, notePresent } from "../../db/redis/presence.ts";
import { readHeads } from "../../db/redis/room-log.ts";
import { readLostRange } from "../../db/seed-room.ts";
import type { Stores } from "../../db/stores.ts";
import type { Fact, Push, PushName } from "../../protocol/facts.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import { MAX_PRESENCE_SAMPLE } from "../../protocol/limits.ts";
import type { Author, SanctionNotice } from "../../protocol/shapes.ts";
import { holdMember } from "./attach-member.ts";
import type { Batch } from "./batch.ts";
import { parseHint, writeHint } from "./hint.ts";
import { LiveRoom, type Member } from "./live-room.ts";
import { createPacer } from "./pacer.ts";
import { type FeedPorts, RoomFeed } from "./room-feed.ts";
import type { Face } from "./room-presence.ts";
import { HeldBytes } from "./shared-log.ts";
import { openSharedReads } from "./shared-reads.ts";

/** What the hub needs beside the stores. */
export interface HubPorts {
  stores: Stores;
  subscriber: Redis;
  /** Sends to everyone on this gateway who is live in a room. */
  emit: <N extends PushName>(room: RoomId, name: N, data: Push<N>) => void;
  /** How to appeal against a sanction. */
  appeal: string;
  /** The rules of a room have changed. */
  onRulesChanged: (room: RoomId) => void;
  onDelivered: (facts: Fact[], receivers: number) => void;
  onGap: () => void;
  onReset: () => void;
  onError: (error: unknown) => void;
  now: () => number;
  random: () => number;
}

/** Between two looks at where the logs stand: well under the 2 s in which a lost tail must be noticed (G6). */
const CHECK_EVERY_MS = 900;
/** A hint may be this late before its fact is read from the log. */
const HINT_GRACE_MS = 150;
/** Told to members of quiet rooms this often. */
const TELL_HEAD_EVERY_MS = 10_000;
/** A subscription outlives its last member by this much. */
const LINGER_MS = 30_000;
/** Presence is said anew this often, well before it would expire. */
const PRESENCE_EVERY_MS = 10_000;
/** Least time between two presence pushes of a room: the tick alone is shorter. */
const PRESENCE_TOLD_MS = 1_000;
/** JSON that all rooms together hold for those who come back; parsed and written, it takes about three times that. */
const MOST_HELD_BYTES = 32_000_000;
/** A subscriber that does not answer a PING for this long is cut, and connects anew. */
const PING_DEADLINE_MS = 1_500;

/** Someone came, with their face, or went. */
interface Move {
  user: UserId;
  face: Face | null;
}

/** The rooms that are live on this gateway: one subscription each, however many people are in it. */
export class FeedHub {
  readonly #ports: HubPorts;
  readonly #rooms = new Map<RoomId, LiveRoom>();
  readonly #opening = new Map<RoomId, Promise<LiveRoom>>();
  readonly #byChannel = new Map<string, LiveRoom>();
  readonly #held = new HeldBytes(MOST_HELD_BYTES);
  readonly #moved = gatherBy((room: RoomId, moves: Move[]) => this.#tellMoves(room, moves));
  #timer: NodeJS.Timeout | null = null;
  #presenceToldAt = 0;
  #closed = false;

  constructor(ports: HubPorts) {
    this.#ports = ports;
    ports.subscriber.on("message", (channel: string, message: string) => {
      this.#onMessage(channel, message);
    });
    // After a break the subscription is back, but what was said meanwhile is gone.
    ports.subscriber.on("ready", () => void this.#checkHeads().catch(ports.onError));
    this.#scheduleCheck();
  }

  get liveRooms(): number {
    return this.#rooms.size;
  }

  /** A room with its feed in position. Errors: `unavailable` and those of the stores. */
  async open(id: RoomId): Promise<LiveRoom> {
    const known = this.#rooms.get(id);
    if (known !== undefined) return known;
    const opening = this.#opening.get(id) ?? this.#open(id).finally(() => this.#opening.delete(id));
    this.#opening.set(id, opening);
    return opening;
  }

  /** Gives a connection a seat in a room; it is not live before `attach`. */
  sit(room: LiveRoom, member: Member, lurking: boolean): number {
    const { visit, arrived, departed } = room.sit(member, lurking);
    if (arrived) this.#arrived(room, member);
    if (departed) this.#departed(room, member);
    return visit;
  }

  /** Takes a connection's seat in a room away. */
  leave(id: RoomId, member: Member): void {
    const room = this.#rooms.get(id);
    if (room?.stand(member, this.#ports.now()) === true) this.#departed(room, member);
  }

  /** Sends a connection that does not read nothing live of a room until it reads again (G11). */
  hold(id: RoomId, member: Member): void {
    const room = this.#rooms.get(id);
    if (room !== undefined) holdMember(room, member).catch(this.#ports.onError);
  }

  /** Tells a room that someone types; false when this connection is not in it. */
  type(id: RoomId, member: Member): boolean {
    if (this.#rooms.get(id)?.hasSeat(member) !== true) return false;
    this.#say(id, writeHint.typing(member.user.id));
    return true;
  }

  /** Stops looking after rooms. The subscriber is the caller's to close. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #open(id: RoomId): Promise<LiveRoom> {
    const { stores, subscriber, now } = this.#ports;
    const feed = new RoomFeed(this.#feedPorts(id, () => room));
    const shared = openSharedReads(stores, id, { now, held: this.#held });
    const room: LiveRoom = new LiveRoom(id, { feed, ...shared }, now());
    const channel = keys.feed(id);
    this.#byChannel.set(channel, room);
    try {
      await subscriber.subscribe(channel);
      await room.feed.open();
    } catch (error) {
      this.#byChannel.delete(channel);
      throw error;
    }
    this.#rooms.set(id, room);
    return room;
  }

  #feedPorts(id: RoomId, room: () => LiveRoom): FeedPorts {
    const { stores, emit, onGap, onReset, onError } = this.#ports;
    const pacer = createPacer({
      now: () => performance.now(),
      soon: (run) => void setImmediate(run),
      after: (delayMs, run) => void setTimeout(run, delayMs),
    });
    return {
      readAfter: (after, limit) => readAfter(stores, { room: id, after, limit }),
      readHead: () => readStanding(stores, id),
      readLost: (since, epoch) => readLostRange(stores, id, { since, epoch }),
      deliver: (batch) => this.#deliver(room(), batch),
      reset: (epoch, lost) => {
        onReset();
        emit(id, "room.reset", { room: id, epoch, lost });
        room().quietAll();
      },
      schedule: (run) => pacer.schedule(run, room().liveCount),
      onGap,
      onError,
    };
  }

  #deliver(room: LiveRoom, { epoch, prev, events }: Batch): void {
    const { emit, onDelivered } = this.#ports;
    // First of all: after a repair, a batch holds what was said long after the ban in it (G18).
    for (const fact of events) this.#dismiss(room, fact);
    const receivers = room.liveCount;
    if (receivers > 0) emit(room.id, "room.events", { room: room.id, epoch, prev, events });
    room.noteSaid(events);
    onDelivered(events, receivers);
    for (const fact of events) this.#enforce(room, fact);
  }

  /**
   * Takes the seats of who was banned or kicked. The log itself says it, so it is seen on every
   * gateway even when every notice about it was lost (G18).
   */
  #dismiss(room: LiveRoom, fact: Fact): void {
    if (fact.type === "member.banned") {
      const { until } = fact;
      const sanction = this.#noticeOf(fact, { kind: "ban", until });
      this.#close(room, room.seatsOf(fact.user), { reason: "banned", until, sanction });
    } else if (fact.type === "member.kicked") {
      const sanction = this.#noticeOf(fact, { kind: "kick", until: null });
      this.#close(room, room.seatsOf(fact.user), { reason: "kicked", sanction });
    } else if (fact.type === "member.left") {
      this.#close(room, room.seatsOf(fact.user), { reason: "removed" });
    }
  }

  #noticeOf(
    { reason, by }: { reason: string; by: Author },
    what: Pick<SanctionNotice, "kind" | "until">,
  ): SanctionNotice {
    return { ...what, scope: "room", reason, by: by.id, appeal: this.#ports.appeal };
  }

  /** What a fact means for those who sit in the room, once they were told it. */
  #enforce(room: LiveRoom, fact: Fact): void {
    if (fact.type === "member.role" || fact.type === "member.left") {
      this.#ports.onRulesChanged(room.id);
    } else if (fact.type === "room.updated") {
      this.#ports.onRulesChanged(room.id);
      const everyone = [...room.seats].map(({ member }) => member);
      if (fact.changes.archivedAt !== undefined) {
        this.#close(room, everyone, { reason: "archived" });
      } else if (fact.changes.visibility === "private") {
        this.#closeStrangers(room, everyone).catch(this.#ports.onError);
      }
    }
  }

  async #closeStrangers(room: LiveRoom, everyone: Member[]): Promise<void> {
    const people = [...new Set(everyone.map(({ user }) => user.id))];
    const members = await membersAmong(this.#ports.stores.store, room.id, people);
    const strangers = everyone.filter(({ user }) => !members.has(user.id));
    this.#close(room, strangers, { reason: "removed" });
  }

  #close(room: LiveRoom, members: Member[], why: Omit<Push<"room.closed">, "room">): void {
    for (const member of members) {
      this.leave(room.id, member);
      member.push("room.closed", { room: room.id, ...why });
    }
  }

  #arrived(room: LiveRoom, member: Member): void {
    const { id, name, kind } = member.user;
    const face: Face = { id, name, kind };
    room.presence.noteJoined(face);
    this.#moved(room.id, { user: id, face }).catch(this.#ports.onError);
  }

  /** Notes who came and who went, and tells the other gateways: a crowd at once, not one by one. */
  async #tellMoves(room: RoomId, moves: Move[]): Promise<null[]> {
    const { link } = this.#ports.stores;
    // Of someone who came and went, or the other way round, the last counts.
    const last = [...new Map(moves.map((move) => [move.user, move])).values()];
    const joined = last.flatMap(({ face }) => (face === null ? [] : [face]));
    const left = last.flatMap(({ user, face }) => (face === null ? [user] : []));
    await Promise.all([
      notePresent(
        link,
        room,
        joined.map(({ id }) => id),
      ),
      noteAbsent(link, room, left),
    ]);
    // More than a push may name are not told: the count is in Redis.
    if (joined.length > 0) this.#say(room, writeHint.joined(joined.slice(-MAX_PRESENCE_SAMPLE)));
    if (left.length > 0) this.#say(room, writeHint.left(left.slice(-MAX_PRESENCE_SAMPLE)));
    return moves.map(() => null);
  }

  #departed(room: LiveRoom, { user: { id } }: Member): void {
    room.presence.noteLeft(id);
    this.#moved(room.id, { user: id, face: null }).catch(this.#ports.onError);
  }

  #say(room: RoomId, hint: string): void {
    this.#ports.stores.link.redis.publish(keys.feed(room), hint).catch(this.#ports.onError);
  }

  #onMessage(channel: string, message: string): void {
    const room = this.#byChannel.get(channel);
    const hint = room === undefined ? null : parseHint(message);
    if (room === undefined || hint === null) return;
    switch (hint.kind) {
      case "facts":
      case "reset":
        room.feed.onHint(hint);
        break;
      case "stored":
        this.#tellWaiting(room, { epoch: hint.epoch, seq: hint.seq });
        break;
      case "typing":
        room.presence.noteTyping(hint.user);
        break;
      case "joined":
        for (const face of hint.faces) room.presence.noteJoined(face);
        break;
      case "left":
        for (const user of hint.users) room.presence.noteLeft(user);
        break;
    }
  }

  /**
   * Tells at once who waits for it. Everyone else hears of it with the next look at the heads: in many
   * small rooms this would else be as many writes as the messages themselves.
   */
  #tellWaiting(room: LiveRoom, stored: { epoch: number; seq: number }): void {
    for (const member of room.takeWaiting(stored.seq)) {
      member.push("room.stored", { room: room.id, ...stored });
    }
  }

  #scheduleCheck(): void {
    if (this.#closed) return;
    // Jittered, so that many gateways do not ask in step.
    const delay = CHECK_EVERY_MS * (0.75 + this.#ports.random() * 0.5);
    this.#timer = setTimeout(() => void this.#tick(), delay);
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    try {
      this.#pingSubscriber();
      this.#dropIdle();
      await this.#tellPresence();
      await this.#checkHeads();
    } catch (error) {
      this.#ports.onError(error);
    } finally {
      this.#scheduleCheck();
    }
  }

  /** A subscription can be dead without a closed socket; only an answer proves it alive. */
  #pingSubscriber(): void {
    const { subscriber, onError } = this.#ports;
    if (subscriber.status !== "ready") return;
    const deadline = setTimeout(() => {
      onError(new Error("The subscriber did not answer a PING in time; connecting anew."));
      subscriber.disconnect(true);
    }, PING_DEADLINE_MS);
    subscriber
      .ping()
      .catch(onError)
      .finally(() => clearTimeout(deadline));
  }

  #dropIdle(): void {
    const { subscriber, now, onError } = this.#ports;
    for (const room of this.#rooms.values()) {
      room.log.tidy();
      if (!room.isEmpty || now() - room.emptySince < LINGER_MS) continue;
      this.#rooms.delete(room.id);
      this.#byChannel.delete(keys.feed(room.id));
      subscriber.unsubscribe(keys.feed(room.id)).catch(onError);
    }
  }

  /** Where all live rooms stand, in one round trip; a lost last fact shows here and nowhere else (G6). */
  async #checkHeads(): Promise<void> {
    const { stores, emit, now, onError } = this.#ports;
    const rooms = [...this.#rooms.values()];
    if (rooms.length === 0 || !stores.link.isReady()) return;
    const heads = await readHeads(
      stores.link,
      rooms.map(({ id }) => id),
    );
    for (const [i, room] of rooms.entries()) {
      const head = heads[i];
      if (head === null || head === undefined) {
        // This run of Redis does not know the room: reading it gives it a log again.
        room.feed.repair().catch(onError);
        continue;
      }
      if (room.feed.isBehind(head.epoch, head.head)) {
        // Usually its hint is under way; if it still is not here in a moment, it was lost.
        setTimeout(() => room.feed.onHead(head.epoch, head.head), HINT_GRACE_MS).unref();
      }
      if (room.liveCount === 0) continue;
      const tellHead = now() - room.headToldAt > TELL_HEAD_EVERY_MS;
      if (tellHead) {
        room.headToldAt = now();
        const { epoch, last: seq } = room.feed;
        emit(room.id, "room.head", { room: room.id, epoch, seq });
      }
      // The notice that the last fact is stored may be lost, too, and nothing comes after it.
      if (tellHead || head.stored > room.storedTold) {
        room.storedTold = head.stored;
        emit(room.id, "room.stored", { room: room.id, epoch: head.epoch, seq: head.stored });
      }
    }
  }

  async #tellPresence(): Promise<void> {
    const { stores, emit, now } = this.#ports;
    const sayAnew = now() - this.#presenceToldAt > PRESENCE_EVERY_MS;
    if (sayAnew) this.#presenceToldAt = now();
    for (const room of this.#rooms.values()) {
      const typing = room.presence.takeTyping(room.id);
      if (typing !== null) emit(room.id, "room.typing", typing);
      if (sayAnew) await notePresent(stores.link, room.id, room.presence.here);
      if (now() - room.presenceToldAt < PRESENCE_TOLD_MS) continue;
      const changes = room.presence.takeChanges(room.id);
      if (changes === null || room.liveCount === 0) continue;
      const { count } = await readPresent(stores.link, room.id, 1);
      room.presenceToldAt = now();
      emit(room.id, "room.presence", { ...changes, count });
    }
  }
}
