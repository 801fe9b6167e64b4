import { expect } from "@jest/globals";
import fc from "fast-check";
import type { Socket } from "socket.io-client";

import type { CommandOutput } from "../../protocol/commands.ts";
import type { ReadRanges, ReadState, UnreadRoom } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { command, type Person, say } from "../support/world.ts";

/** One thing that happens; places are hundredths of what has been said so far. */
export type Happening =
  | { do: "say"; who: 0 | 1 | 2; mentions: boolean }
  | { do: "edit" | "remove" | "react"; at: number }
  | { do: "cleanUp"; from: number; to: number; author: 0 | 1 | 2 | null }
  | { do: "undoCleanUp" | "undo" | "drain" | "lose" }
  | { do: "read" | "unread"; upTo: number; device: 0 | 1 }
  | { do: "readRange" | "unreadRange"; from: number; to: number; device: 0 | 1 }
  | { do: "block" | "unblock"; who: 1 | 2 };

const share = fc.noBias(fc.nat({ max: 99 }));
const who = fc.constantFrom(0 as const, 1 as const, 2 as const);
const eitherDevice = fc.constantFrom(0 as const, 1 as const);

/** Any of the things that change what is counted, what is said most often. */
export const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("say" as const), who, mentions: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("edit" as const, "remove" as const, "react" as const),
      at: share,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("cleanUp" as const),
      from: share,
      to: share,
      author: fc.option(who),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "undoCleanUp" as const,
        "undo" as const,
        "drain" as const,
        "drain" as const,
        "lose" as const,
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("read" as const, "unread" as const),
      upTo: share,
      device: eitherDevice,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("readRange" as const, "readRange" as const, "unreadRange" as const),
      from: share,
      to: share,
      device: eitherDevice,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("block" as const, "unblock" as const),
      who: fc.constantFrom(1 as const, 2 as const),
    }),
  },
);

/** What a run plays on. */
export interface Stage {
  /** The first reads; the last owns the room and is never blocked for it. */
  people: [Person, Person, Person];
  room: string;
  sockets: [Socket, Socket, Socket];
  /** The reader's other device, on another gateway. */
  device: Socket;
  drain: () => Promise<void>;
  /** Redis loses everything. */
  lose: () => Promise<void>;
}

/** A change of what is read, as the reader gave it: the newest that names a seq decides. */
interface Mark {
  as: "read" | "unread";
  covers: (seq: number) => boolean;
}

/** Plays things that happen, and after each compares what is counted with counting all there is. */
export class Play {
  readonly #stage: Stage;
  readonly #said: { seq: number; who: 0 | 1 | 2 }[] = [];
  readonly #marks: Mark[] = [];
  readonly #blocked = new Set<string>();
  #undo: { as: "read" | "unread"; ranges: ReadRanges } | null = null;
  #cleanUp: number | null = null;
  #revision = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async run(what: Happening): Promise<void> {
    const { people, room, sockets } = this.#stage;
    switch (what.do) {
      case "say": {
        const text = what.mentions ? `@${people[0].user.handle} look` : "hello";
        const { seq } = await say(sockets[what.who], room, text);
        this.#said.push({ seq, who: what.who });
        return;
      }
      case "edit":
      case "remove":
      case "react": {
        const message = this.#messageAt(what.at);
        if (message === null) return;
        const { seq } = message;
        const socket = sockets[message.who];
        // Whoever was removed or lost cannot be changed; nothing is counted differently then.
        if (what.do === "edit")
          await attempt(command(socket, "message:edit", { room, seq, text: "better" }));
        else if (what.do === "remove")
          await attempt(command(socket, "message:remove", { room, seq }));
        else await attempt(command(socket, "reaction:add", { room, seq, emoji: "👍" }));
        return;
      }
      case "cleanUp": {
        const range = this.#rangeAt(what);
        if (range === null) return;
        const author = what.author === null ? {} : { author: people[what.author].user.id };
        const { status, body } = await people[2].rest<{ seq?: number }>(
          "POST",
          `/rooms/${room}/removals`,
          { from: range[0], to: range[1], reason: "a raid", ...author },
        );
        if (status === 200 && body.seq !== undefined) this.#cleanUp = body.seq;
        return;
      }
      case "undoCleanUp":
        if (this.#cleanUp === null) return;
        await people[2].rest("POST", `/rooms/${room}/removals/${this.#cleanUp}/undo`, {});
        this.#cleanUp = null;
        return;
      case "read":
      case "unread": {
        const message = this.#messageAt(what.upTo);
        if (message === null) return;
        const { seq } = message;
        const covers =
          what.do === "read" ? (one: number) => one <= seq : (one: number) => one >= seq;
        await this.#mark(what.do, { seq }, { covers, device: what.device });
        return;
      }
      case "readRange":
      case "unreadRange": {
        const range = this.#rangeAt(what);
        if (range === null) return;
        const covers = (one: number) => one >= range[0] && one <= range[1];
        const as = what.do === "readRange" ? "read" : "unread";
        await this.#mark(as, { ranges: [range] }, { covers, device: what.device });
        return;
      }
      case "undo": {
        if (this.#undo === null) return;
        const { as, ranges } = this.#undo;
        const covers = (one: number) => ranges.some(([from, to]) => one >= from && one <= to);
        await this.#mark(as, { ranges }, { covers, device: 0 });
        this.#undo = null;
        return;
      }
      case "block":
      case "unblock": {
        const { id } = people[what.who].user;
        await people[0].rest(what.do === "block" ? "PUT" : "DELETE", `/blocks/${id}`);
        if (what.do === "block") this.#blocked.add(id);
        else this.#blocked.delete(id);
        return;
      }
      case "drain":
        await this.#stage.drain();
        return;
      case "lose":
        await this.#stage.lose();
        return;
    }
  }

  /** Compares what the room says to the reader with counting all its messages. */
  async check(): Promise<void> {
    const { room, device } = this.#stage;
    const expected = await this.#count();
    const entered = await command(device, "room:enter", { room, limit: 1 });
    const { unread, mentions, lastReadSeq, readRanges } = entered.me;
    expect({ unread, mentions }).toEqual({
      unread: expected.unread.length,
      mentions: expected.mentions,
    });
    for (const seq of expected.all) {
      const isShownRead =
        seq <= lastReadSeq || readRanges.some(([from, to]) => seq >= from && seq <= to);
      expect([seq, isShownRead]).toEqual([seq, this.#isRead(seq)]);
    }
  }

  /** Compares the list of unread rooms with counting, once all is stored. */
  async checkStored(): Promise<void> {
    const { people, room, drain, device } = this.#stage;
    // A log that was lost is made anew before anything can be stored.
    await command(device, "room:enter", { room, limit: 1 });
    await drain();
    const expected = await this.#count();
    const { body } = await people[0].rest<{ items: UnreadRoom[] }>("GET", "/unread");
    const item = body.items.find((each) => each.room === room);
    expect(item).toMatchObject({
      unread: expected.unread.length,
      mentions: expected.mentions,
      firstUnread: expected.unread[0] ?? null,
      readRevision: this.#revision,
    });
    const { me } = await command(device, "room:enter", { room, limit: 1 });
    expect(me.firstUnread).toBe(item?.firstUnread);
  }

  async #count(): Promise<{ all: number[]; unread: number[]; mentions: number }> {
    const { people, room } = this.#stage;
    const { body } = await people[0].rest<CommandOutput<"message:list">>(
      "GET",
      `/rooms/${room}/messages?after=0&limit=200`,
    );
    expect(body.nextCursor).toBeNull();
    const me = people[0].user.id;
    const unread = body.items.filter(
      ({ seq, by, removed }) =>
        removed === undefined && by.id !== me && !this.#blocked.has(by.id) && !this.#isRead(seq),
    );
    return {
      all: body.items.map(({ seq }) => seq),
      unread: unread.map(({ seq }) => seq),
      mentions: unread.filter(({ mentions }) => mentions.includes(me)).length,
    };
  }

  #isRead(seq: number): boolean {
    return this.#marks.findLast(({ covers }) => covers(seq))?.as === "read";
  }

  async #mark(
    as: "read" | "unread",
    input: { seq: number } | { ranges: ReadRanges },
    { covers, device: which }: { covers: Mark["covers"]; device: 0 | 1 },
  ): Promise<void> {
    const { room, sockets } = this.#stage;
    const socket = which === 0 ? sockets[0] : this.#stage.device;
    const other = which === 0 ? this.#stage.device : sockets[0];
    let told: ReadState | null = null;
    const listen = (data: ReadState & { room: string }) => {
      const { room: about, ...state } = data;
      if (about === room) told = state;
    };
    other.on("room.read", listen);
    const head = this.#said.at(-1)?.seq ?? 0;
    const reply = await command(socket, as === "read" ? "room:read" : "room:unread", {
      room,
      ...input,
    });
    // What is said later was not read now.
    this.#marks.push({ as, covers: (seq) => covers(seq) && (as === "unread" || seq <= head) });
    if (reply.changed.length > 0) {
      this.#revision += 1;
      this.#undo = { as: as === "read" ? "unread" : "read", ranges: reply.changed };
      const { changed: _changed, ...state } = reply;
      await eventually(() => expect(state).toMatchObject(told ?? { readRevision: "told" }), {
        withinMs: 1_000,
      });
    }
    other.off("room.read", listen);
    expect(reply.readRevision).toBe(this.#revision);
  }

  #messageAt(place: number) {
    return this.#said[Math.floor((place / 100) * this.#said.length)] ?? null;
  }

  #rangeAt({ from, to }: { from: number; to: number }): [number, number] | null {
    const ends = [this.#messageAt(from), this.#messageAt(to)].flatMap((one) => one?.seq ?? []);
    return ends.length < 2 ? null : [Math.min(...ends), Math.max(...ends)];
  }
}

/** Does what may be refused. */
async function attempt(doing: Promise<unknown>): Promise<void> {
  await doing.catch(() => {});
}
