import { v7 as uuidv7 } from "uuid";

import type { Store } from "../../db/postgres/connection.ts";
import { type RoomBatch, storeFacts } from "../../db/postgres/store-facts.ts";
import type { Fact } from "../../protocol/facts.ts";
import { ClientId, type RoomId, type UserId } from "../../protocol/ids.ts";

interface RoomNow {
  id: RoomId;
  seq: number;
  n: number;
}

/** What goes on in the rooms of one reader between two answers. */
export class Life {
  readonly #store: Store;
  readonly #reader: UserId;
  readonly #url: string;
  readonly #headers: Record<string, string>;
  #turn = 0;

  constructor(store: Store, reader: UserId, url: string, headers: Record<string, string>) {
    this.#store = store;
    this.#reader = reader;
    this.#url = url;
    this.#headers = { ...headers, "Content-Type": "application/json" };
  }

  /** What happens before each answer, how often that is measured, and how it is done. */
  legs(quick: boolean): [what: string, rounds: number, before: () => Promise<void>][] {
    return [
      ["nothing", quick ? 20 : 500, async () => {}],
      [
        "a message in one room of ten, a removal in five rooms, reading in five",
        quick ? 10 : 200,
        () => this.#asUsual(),
      ],
      ["twenty messages in every room", quick ? 5 : 100, () => this.#say(Infinity, 20)],
      ["blocking somebody: all is counted anew", quick ? 5 : 50, () => this.#block()],
    ];
  }

  async #asUsual(): Promise<void> {
    this.#turn += 1;
    const rooms = await this.#rooms();
    await this.#say(Math.ceil(rooms.length / 10), 1);
    const some = rooms.filter((_, i) => (i * 13 + this.#turn * 7) % rooms.length < 5);
    const removals = some.map(({ id, seq, n }): RoomBatch => {
      const target = Math.max(8, seq - 90 - (this.#turn % 50));
      const fact: Fact = { seq: seq + 1, type: "message.removed", ...by(this.#reader), target };
      return { room: id, entries: [{ n, fact }] };
    });
    const spoken = new Set((await this.#rooms()).filter(({ seq }, i) => seq !== rooms[i]?.seq));
    const quiet = removals.filter(({ room }) => ![...spoken].some(({ id }) => id === room));
    await this.#store.sql.begin((tx) => storeFacts(tx, quiet));
    for (const { id, seq } of some) {
      const from = Math.max(1, seq - 50 - this.#turn);
      await fetch(`${this.#url}/rooms/${id}/read`, {
        method: "PUT",
        headers: this.#headers,
        body: JSON.stringify({ ranges: [[from, Math.min(seq, from + 2)]] }),
      });
    }
  }

  async #say(most: number, messages: number): Promise<void> {
    const rooms = await this.#rooms();
    const step = Math.max(1, Math.floor(rooms.length / most));
    const batches = rooms
      .filter((_, i) => (i + this.#turn) % step === 0)
      .map(({ id, seq, n }): RoomBatch => {
        const entries = Array.from({ length: messages }, (_, i) => ({
          n: n + i + 1,
          fact: saidAt(seq + i + 1),
        }));
        return { room: id, entries };
      });
    await this.#store.sql.begin((tx) => storeFacts(tx, batches));
  }

  async #block(): Promise<void> {
    const { sql } = this.#store;
    await sql`UPDATE users SET block_revision = block_revision + 1 WHERE id = ${this.#reader}`;
  }

  async #rooms(): Promise<RoomNow[]> {
    return this.#store.sql<RoomNow[]>`
      SELECT r.id, r.stored_seq AS seq, r.messages AS n FROM rooms r
      JOIN members m ON m.room_id = r.id AND m.user_id = ${this.#reader} ORDER BY r.id`;
  }
}

const SOMEBODY = "00000000-0000-7000-8000-00000000000a" as UserId;

function by(id: UserId) {
  return { at: new Date().toISOString(), by: { id, name: "somebody" } };
}

function saidAt(seq: number): Fact {
  return {
    seq,
    type: "message.sent",
    ...by(SOMEBODY),
    clientId: ClientId.parse(uuidv7()),
    text: "and another espresso",
    mentions: [],
  };
}
