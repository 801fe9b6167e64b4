import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { CommandOutput } from "../../protocol/commands.ts";
import type { Fact, Push } from "../../protocol/facts.ts";
import type { Cursor } from "../../protocol/ids.ts";
import { eventually } from "../support/eventually.ts";
import { command, type Reply } from "../support/world.ts";

type Entered = CommandOutput<"room:enter">;

/** How a reader enters. */
export interface Entering {
  since?: Cursor;
  limit?: number;
  catchUp?: "all" | "newest";
  lurk?: boolean;
}

/**
 * Someone who reads a room strictly as the contract says and forgives nothing: a push that does not
 * begin where the last one ended is noted as a gap or a double. Only a reset makes it enter again.
 */
export class Reader {
  readonly socket: Socket;
  readonly room: string;
  /** All it holds, in the order in which it came. */
  facts: Fact[] = [];
  readonly problems: string[] = [];
  readonly replies: Entered[] = [];
  /** When each of them was asked for (ms, monotonic). */
  readonly askedAtMs: number[] = [];
  readonly pushes: Push<"room.events">[] = [];
  readonly resets: Push<"room.reset">[] = [];
  readonly closings: Push<"room.closed">[] = [];
  readonly stored: number[] = [];
  cursor: Cursor = { epoch: 0, seq: 0 };
  live = false;

  constructor(socket: Socket, room: string) {
    this.socket = socket;
    this.room = room;
    socket.on("room.events", (push: Push<"room.events">) => this.#onEvents(push));
    socket.on("room.stored", (push: Push<"room.stored">) => {
      if (push.room === room) this.stored.push(push.seq);
    });
    socket.on("room.closed", (push: Push<"room.closed">) => {
      if (push.room === room) this.closings.push(push);
    });
    socket.on("room.reset", (push: Push<"room.reset">) => {
      if (push.room !== room) return;
      this.live = false;
      this.resets.push(push);
      this.enterAgain().catch((error: Error) => {
        // Who was disconnected meanwhile, at the end of a test, does not come back.
        if (socket.connected) this.problems.push(`not in again: ${error.message}`);
      });
    });
  }

  get seqs(): number[] {
    return this.facts.map(({ seq }) => seq);
  }

  /** Up to where it was told that all is stored. */
  get storedUpTo(): number {
    return Math.max(0, ...this.stored);
  }

  get texts(): (string | undefined)[] {
    return this.facts.flatMap((fact) => (fact.type === "message.sent" ? [fact.text] : []));
  }

  /** Enters with its cursor until it is live; tries again while the room's log is being rebuilt. */
  async enterAgain(): Promise<void> {
    await eventually(() => this.enter({ since: this.cursor }), { withinMs: 15_000 });
  }

  /** Enters, page by page, until it is live. Errors: what the server refuses with. */
  async enter(how: Entering = {}): Promise<void> {
    if (how.since !== undefined) this.cursor = how.since;
    for (;;) {
      const since = how.since === undefined ? {} : { since: this.cursor };
      const { more } = await this.#page({ ...how, ...since });
      if (!more) return;
    }
  }

  /** The reply is taken where it arrives: a push may come right behind it, before any promise settles. */
  async #page(how: Entering): Promise<Entered> {
    const askedAtMs = performance.now();
    return new Promise<Entered>((resolve, reject) => {
      this.socket
        .timeout(10_000)
        .emit(
          "room:enter",
          { room: this.room, ...how },
          (error: Error | null, reply: Reply<"room:enter">) => {
            if (error !== null) return reject(error);
            if (!reply.ok) return reject(new Error(`${reply.error.code} ${reply.error.message}`));
            this.askedAtMs.push(askedAtMs);
            this.#onEntered(reply, how);
            resolve(reply);
          },
        );
    });
  }

  #onEntered(reply: Entered, how: Entering): void {
    this.replies.push(reply);
    const { resetTo, events, prev, skipped } = reply;
    if (events.length > (how.limit ?? 200)) this.problems.push("a reply over its limit");
    if (resetTo !== undefined) {
      this.facts = this.facts.filter(({ seq }) => seq <= resetTo);
      this.cursor.seq = Math.min(this.cursor.seq, resetTo);
    }
    if (how.since !== undefined && skipped === undefined && prev !== this.cursor.seq) {
      this.problems.push(`entered at ${prev} with cursor ${this.cursor.seq}`);
    }
    this.facts.push(...events);
    this.cursor = { epoch: reply.epoch, seq: events.at(-1)?.seq ?? prev };
    this.live = !reply.more;
  }

  #onEvents(push: Push<"room.events">): void {
    if (push.room !== this.room) return;
    this.pushes.push(push);
    if (!this.live) this.problems.push(`events before it was live: ${JSON.stringify(push)}`);
    if (push.prev !== this.cursor.seq) {
      this.problems.push(`held ${this.cursor.seq}, was sent what follows ${push.prev}`);
    }
    if (push.epoch !== this.cursor.epoch) this.problems.push(`epoch ${push.epoch}`);
    this.facts.push(...push.events);
    this.cursor = { epoch: push.epoch, seq: push.events.at(-1)?.seq ?? push.prev };
  }
}

/** A reader who has entered. */
export async function readerOf(socket: Socket, room: string, how: Entering = {}): Promise<Reader> {
  const reader = new Reader(socket, room);
  await reader.enter(how);
  return reader;
}

/** Says something with a clientId of the test's own. */
export function send(
  socket: Socket,
  room: string,
  text: string,
  clientId: string = uuidv7(),
): Promise<CommandOutput<"message:send">> {
  return command(socket, "message:send", { room, clientId, text });
}
