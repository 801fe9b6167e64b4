import { setTimeout } from "node:timers/promises";

import { dropIn, Refusal } from "../../client/index.ts";
import type { RoomId } from "../../protocol/ids.ts";
import type { RecordWriter } from "./record.ts";

/** Someone in the room who only listens. */
export interface Listener {
  room: { id: RoomId; slug: string };
  /** The room's head when they came. */
  after: number;
  /** Writes down all that they are told from now on. */
  listen: (record: RecordWriter) => void;
  /** Resolves with whether they were told of a seq in time. */
  hasHeard: (seq: number) => Promise<boolean>;
  /** Messages that they were told of. */
  readonly heard: number;
  close: () => void;
}

const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 20;

/** Drops in to listen; opens the room when there is none of this name. Errors: what the server refuses. */
export async function openListener(options: {
  url: string;
  slug: string;
  title: string;
}): Promise<Listener> {
  const { url, slug, title } = options;
  const { client } = await dropIn(url, "Listener");
  try {
    await client.call("room:create", { slug, title, visibility: "public" }).catch(ifThere);
    const handle = client.enter(slug, { limit: 500, maxViewFacts: 0 });
    await handle.entered;
    const { room, cursor } = handle;
    if (room === null || cursor === null) throw new Error("An entered room has a cursor");
    let heard = 0;
    return {
      room,
      after: cursor.seq,
      listen: (record) => {
        handle.on("reset", ({ to }) => record.add({ kind: "reset", to }));
        handle.on("facts", ({ facts }) => {
          for (const fact of facts) {
            if (fact.type !== "message.sent") continue;
            const { seq, clientId, text = null } = fact;
            heard += 1;
            record.add({ kind: "seen", seq, clientId, user: fact.by.id, text });
          }
        });
      },
      hasHeard: async (seq) => {
        const deadline = Date.now() + PATIENCE_MS;
        while ((handle.cursor?.seq ?? 0) < seq && Date.now() < deadline) {
          await setTimeout(LOOK_EVERY_MS);
        }
        return (handle.cursor?.seq ?? 0) >= seq;
      },
      get heard() {
        return heard;
      },
      close: () => client.close(),
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** A room that is there already is played into, behind what it holds. */
function ifThere(error: unknown): void {
  if (!(error instanceof Refusal && error.code === "conflict")) throw error;
}
