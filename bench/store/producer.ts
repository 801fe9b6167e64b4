import { setTimeout } from "node:timers/promises";

import type { RoomId } from "../../protocol/ids.ts";
import { type ChatMessage, talkIn } from "../chat-message.ts";

/** How much is said, and how fast. */
export interface Load {
  rooms: RoomId[];
  messages: number;
  /** Null for as fast as `inFlight` allows. */
  perSecond: number | null;
  inFlight: number;
}

/**
 * Makes this process a producer: it does one load after another as it is told, and answers each when
 * all its messages are accepted.
 */
export function serveProducer(accept: (message: ChatMessage) => Promise<void>): void {
  process.on("message", (load: Load) => {
    const done =
      load.perSecond === null ? saturate(load, accept) : pace(load, load.perSecond, accept);
    done.then(
      () => process.send?.({ accepted: load.messages }),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.once("disconnect", () => process.exit(0));
  process.send?.({ type: "ready" });
}

type Accept = (message: ChatMessage) => Promise<void>;

async function saturate({ rooms, messages, inFlight }: Load, accept: Accept): Promise<void> {
  const say = talkIn(rooms);
  let left = messages;
  const repeat = async () => {
    while (left > 0) {
      left -= 1;
      await accept(say());
    }
  };
  await Promise.all(Array.from({ length: inFlight }, repeat));
}

/** Wakes up about as often as a gateway does at this rate; polling would cost a whole core. */
async function pace({ rooms, messages }: Load, perSecond: number, accept: Accept): Promise<void> {
  const say = talkIn(rooms);
  const accepting: Promise<void>[] = [];
  const start = performance.now();
  while (accepting.length < messages) {
    const due = Math.min(messages, ((performance.now() - start) * perSecond) / 1_000);
    while (accepting.length < due) accepting.push(accept(say()));
    await setTimeout(1);
  }
  await Promise.all(accepting);
}
