import type { Store } from "../../db/postgres/connection.ts";
import { type PlacedText, readLastPlaced } from "../../db/postgres/placements.ts";
import type { RoomId } from "../../protocol/ids.ts";
import { RESUME_MESSAGES, RoomGrouper } from "../conversations/grouper.ts";
import { type ConversationModel, loadModel } from "../conversations/model.ts";

/** Rooms whose last messages are kept in memory; others are read again when something is said there. */
const MOST_ROOMS = 100;

/** Groupers of the rooms that were placed last, each where Postgres stands; any of them may be forgotten. */
export class Groupers {
  readonly model: ConversationModel = loadModel();
  readonly #rooms = new Map<RoomId, { seq: number; grouper: RoomGrouper }>();

  /**
   * Takes out the grouper of a room that is placed up to a seq; it is made anew from Postgres if none stands
   * there. Whoever takes it gives it back when what it placed is committed.
   */
  async take(store: Store, room: RoomId, seq: number): Promise<RoomGrouper> {
    const known = this.#rooms.get(room);
    this.#rooms.delete(room);
    return known?.seq === seq ? known.grouper : resume(store, room, new RoomGrouper(this.model));
  }

  giveBack(room: RoomId, seq: number, grouper: RoomGrouper): void {
    this.#rooms.set(room, { seq, grouper });
    const [oldest] = this.#rooms.keys();
    if (this.#rooms.size > MOST_ROOMS && oldest !== undefined) this.#rooms.delete(oldest);
  }
}

async function resume(store: Store, room: RoomId, grouper: RoomGrouper): Promise<RoomGrouper> {
  for (const placed of await readLastPlaced(store.sql, room, RESUME_MESSAGES)) {
    const { parent, conversation } = placed;
    grouper.resume(messageOf(placed), { parent, conversation });
  }
  return grouper;
}

function messageOf({ seq, atMs, author, name, text, mentions }: PlacedText) {
  return {
    seq,
    atMs,
    author: { id: author, name },
    text: text ?? "",
    mentions: mentions ?? [],
  };
}
