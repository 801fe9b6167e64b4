import { setTimeout } from "node:timers/promises";

import type { OutgoingMessage } from "../../client/index.ts";
import { late, withDeadline } from "../../db/deadline.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { openListener } from "./listen.ts";
import { type RecordWriter, writeRecord } from "./record.ts";
import { openSpeakers, type Said, type Speakers } from "./speakers.ts";
import { type Troubles, watchTransport } from "./watch-transport.ts";
import type { Script, ScriptLine } from "./write-script.ts";

export interface PlayOptions {
  url: string;
  /** The room's slug; it is opened when it is not there. */
  slug: string;
  /** What is played, for people. */
  log: string;
  /** Times faster than it was said; Infinity for as fast as it goes. */
  speed: number;
  /** Where to write what was sent and what was seen. */
  record: string;
  onProgress: (accepted: number) => void;
  /** The server asks for patience; called once for each reason. */
  onRefusal: (code: ErrorCode) => void;
}

/** What became of a script. */
export interface Played {
  accepted: number;
  /** Of those, how many the server said were committed. */
  stored: number;
  /** Messages that the listener was told of. */
  heard: number;
  /** Whether the listener was told of the last one. */
  heardAll: boolean;
  /** Lines that were sent again, under the same clientId, because an answer was lost. */
  sentAgain: number;
  seconds: number;
  /** How far it fell behind its schedule at most, in milliseconds; 0 at full speed. */
  behindMs: number;
  /** How long each line took to be accepted, in milliseconds, in the order of the lines. */
  answersMs: number[];
  troubles: Troubles;
}

/** Storing takes a worker, which may be on its way back. */
const STORED_PATIENCE_MS = 60_000;

/**
 * Plays a script into a room, through real sockets. A line is sent when its time has come and the
 * line before it is accepted, whichever is later: so the room has the order of the log, whoever
 * speaks and whatever breaks. Errors: what the server refuses for good.
 */
export async function play(script: Script, options: PlayOptions): Promise<Played> {
  const { url, slug, log } = options;
  const listener = await openListener({ url, slug, title: `Replay of ${log}`.slice(0, 120) });
  const { id: room } = listener.room;
  const record = writeRecord(options.record, {
    kind: "replay",
    log,
    url,
    room,
    slug,
    after: listener.after,
    lines: script.lines.length,
  });
  listener.listen(record);
  const troubles: Troubles = { connectionsLost: 0, refusals: new Map() };
  const transport = watchTransport(url, troubles, options.onRefusal);
  const speakers = openSpeakers(script.lines, { url, room, transport });
  const notes = openNotes(record);
  try {
    const pace = await sayAll(script.lines, speakers, notes, options);
    const stored = await notes.done();
    const heardAll = await listener.hasHeard(pace.lastSeq);
    record.add({ kind: "end" });
    return { ...pace, stored, heard: listener.heard, heardAll, troubles };
  } finally {
    speakers.close();
    listener.close();
    await notes.done();
    await record.close();
  }
}

async function sayAll(
  lines: readonly ScriptLine[],
  speakers: Speakers,
  notes: Notes,
  { speed, onProgress }: PlayOptions,
) {
  const startedAt = performance.now();
  const answersMs: number[] = [];
  let [behindMs, sentAgain, lastSeq] = [0, 0, 0];
  for (const line of lines) {
    const dueAt = startedAt + line.dueMs / speed;
    const early = dueAt - performance.now();
    if (early > 0) await setTimeout(early);
    const sentAt = performance.now();
    if (speed !== Infinity) behindMs = Math.max(behindMs, sentAt - dueAt);
    const said = await speakers.say(line);
    answersMs.push(performance.now() - sentAt);
    if (said.message.inDoubt) sentAgain += 1;
    lastSeq = said.message.place?.seq ?? lastSeq;
    notes.add(line, said);
    onProgress(answersMs.length);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return { accepted: lines.length, sentAgain, seconds, behindMs, answersMs, lastSeq };
}

/** What was said, on its way into the record. */
interface Notes {
  add: (line: ScriptLine, said: Said) => void;
  /** Resolves when all is noted, with how many lines the server said were stored. */
  done: () => Promise<number>;
}

/** Notes each line once it is stored: until then a Redis that loses its state may still move it. */
function openNotes(record: RecordWriter): Notes {
  // One after the other, so that a record is in the order of the log.
  let last = Promise.resolve(0);
  const note = async (line: ScriptLine, { user, message }: Said, before: Promise<number>) => {
    const wasStored = await untilStored(message);
    const stored = await before;
    const { clientId, place } = message;
    const { text } = line;
    const seq = place?.seq ?? 0;
    record.add({ kind: "sent", line: line.line, part: line.part, clientId, user, text, seq });
    return stored + (wasStored ? 1 : 0);
  };
  return {
    add: (line, said) => {
      last = note(line, said, last);
    },
    done: () => last,
  };
}

async function untilStored(message: OutgoingMessage): Promise<boolean> {
  try {
    return (await withDeadline(message.until("stored"), STORED_PATIENCE_MS)) !== late;
  } catch {
    // Closed before: the proof will show whether it stands.
    return false;
  }
}
