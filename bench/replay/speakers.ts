import { setTimeout } from "node:timers/promises";

import {
  type DroppedIn,
  dropIn,
  errorTable,
  type OutgoingMessage,
  Refusal,
  type RoomHandle,
} from "../../client/index.ts";
import type { Transport } from "../../client/transport.ts";
import { late, withDeadline } from "../../db/deadline.ts";
import type { ScriptLine } from "./write-script.ts";

/** The people of a log, each a guest with a client and an outbox of their own. */
export interface Speakers {
  /** Says a line; resolves when it is accepted. Errors: the refusal, or that nobody answers. */
  say: (line: ScriptLine) => Promise<Said>;
  close: () => void;
}

/** An accepted line on its way to being stored. */
export interface Said {
  user: string;
  message: OutgoingMessage;
}

interface Speaker extends DroppedIn {
  room: RoomHandle;
  linesLeft: number;
}

/** People connect a little before they speak: this many lines. */
const LINES_AHEAD = 20;
/** A gateway that is restarted is back long before. */
const PATIENCE_MS = 60_000;
const RETRY_EVERY_MS = 250;

/**
 * Brings the speakers of a script into a room, each shortly before their first line; they leave when
 * their last one is stored. So a log of thousands of people needs few connections at a time.
 */
export function openSpeakers(
  lines: readonly ScriptLine[],
  { url, room, transport }: { url: string; room: string; transport: Transport },
): Speakers {
  const linesOf = new Map<string, number>();
  for (const { user } of lines) linesOf.set(user, (linesOf.get(user) ?? 0) + 1);
  const speakers = new Map<string, Promise<Speaker>>();
  let closed = false;
  let next = 0;

  const bring = ({ user, name }: ScriptLine): Promise<Speaker> => {
    const known = speakers.get(user);
    if (known !== undefined) return known;
    const coming = arrive(name, linesOf.get(user) ?? 0);
    // Whoever makes them speak hears of it.
    coming.catch(() => {});
    speakers.set(user, coming);
    return coming;
  };

  const arrive = async (name: string, linesLeft: number): Promise<Speaker> => {
    const guest = await dropInPatiently(url, name, transport);
    if (closed) guest.client.close();
    // Nobody looks at a speaker's view, and what they missed while away need not be read to them.
    const handle = guest.client.enter(room, { catchUp: "newest", limit: 50, maxViewFacts: 0 });
    handle.entered.catch(() => {});
    return { ...guest, room: handle, linesLeft };
  };

  const leaveOnceStored = async ({ client }: Speaker, last: OutgoingMessage) => {
    await last.until("stored");
    client.close();
  };

  return {
    say: async (line) => {
      for (const soon of lines.slice(next + 1, next + 1 + LINES_AHEAD)) void bring(soon);
      next += 1;
      const speaker = await bring(line);
      const message = speaker.room.send(line.text);
      const outcome = await withDeadline(message.until("accepted"), PATIENCE_MS);
      if (outcome === late) throw notAnswered();
      speaker.linesLeft -= 1;
      if (speaker.linesLeft === 0) leaveOnceStored(speaker, message).catch(() => {});
      return { user: speaker.user.id, message };
    },
    close: () => {
      closed = true;
      for (const coming of speakers.values()) {
        coming.then(
          ({ client }) => client.close(),
          () => {},
        );
      }
    },
  };
}

/** Drops in, also while the gateway is being restarted. */
async function dropInPatiently(url: string, name: string, transport: Transport) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await dropIn(url, name, { transport });
    } catch (error) {
      const passes =
        error instanceof Refusal && errorTable[error.code].retry && error.code !== "rate_limited";
      if (!passes || Date.now() > deadline) throw error;
      await setTimeout(RETRY_EVERY_MS);
    }
  }
}

function notAnswered(): Refusal {
  return new Refusal("unavailable", `Nobody accepted a line for ${PATIENCE_MS / 1_000} s.`);
}
