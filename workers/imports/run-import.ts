import { hash } from "node:crypto";

import type { TransactionSql } from "postgres";

import type { Store } from "../../db/postgres/connection.ts";
import {
  advanceImport,
  endImport,
  ensureAuthors,
  type ImportTask,
  readImport,
  readParts,
} from "../../db/postgres/imports.ts";
import { storeFacts } from "../../db/postgres/store-facts.ts";
import type { Fact } from "../../protocol/facts.ts";
import type { ClientId } from "../../protocol/ids.ts";
import { type ImportId, type UserId } from "../../protocol/ids.ts";
import type { ImportFormat } from "../../protocol/shapes.ts";
import { cleanLine, cleanName } from "./clean-line.ts";
import { readDiscord } from "./read-discord.ts";
import { readIrc } from "./read-irc.ts";
import { readJsonl } from "./read-jsonl.ts";
import { readSlack } from "./read-slack.ts";
import { type ReadImport, type Said, Unreadable } from "./said.ts";

const readers: Record<ImportFormat, ReadImport> = {
  irc: readIrc,
  jsonl: readJsonl,
  slack: readSlack,
  discord: readDiscord,
};

/** Messages of one transaction: some 50 ms, so that what is live does not wait long for its turn. */
const BATCH = 1_000;
/** Messages back that an answer may reach; a file's ids beyond are forgotten. */
const MOST_KEYS = 500_000;
const MOST_PROBLEMS = 10;

/** What an import is carried out with. */
export interface ImportDeps {
  store: Store;
  /** From 0 to 1. */
  onProgress: (progress: number) => void;
  shouldStop: () => boolean;
}

/**
 * Reads a file into its room, from where the last run of it left off: how far it has come is committed
 * with the messages, so each is there once, whenever a worker is killed. Nobody is in the room before it
 * is done: the seqs of its messages are their places in the file.
 */
export async function runImport(deps: ImportDeps, id: ImportId): Promise<void> {
  const task = await readImport(deps.store, id);
  if (task.state !== "waiting" && task.state !== "running") return;
  const state: Progress = { skipped: 0, problems: [], progress: 0 };
  try {
    if ((await readAll(deps, task, state)) === 0) {
      throw new Unreadable(
        `Nobody says anything in this file: is it in the format \`${task.format}\`?`,
      );
    }
    await endImport(deps.store, id, { state: "done", ...state });
  } catch (error) {
    if (error instanceof Stopped) return;
    if (!(error instanceof Unreadable)) throw error;
    const problems = [error.message, ...state.problems];
    await endImport(deps.store, id, { state: "failed", skipped: state.skipped, problems });
  }
}

interface Progress {
  skipped: number;
  problems: string[];
  progress: number;
}

/** A worker that stops, or was overtaken, goes no further. */
class Stopped extends Error {
  override name = "Stopped";
}

async function readAll(deps: ImportDeps, task: ImportTask, state: Progress): Promise<number> {
  const said = readers[task.format]({
    bytes: task.bytes,
    chunks: () => readParts(deps.store, task.id),
    options: task.options,
    onProgress: (progress) => {
      state.progress = progress;
    },
    onSkipped: (problem) => {
      state.skipped += 1;
      if (problem !== null && state.problems.length < MOST_PROBLEMS) state.problems.push(problem);
    },
  });
  const authors = new Map<string, UserId>();
  const seqOf = new Map<string, number>();
  let seq = 0;
  let batch: Line[] = [];
  // The next batch is read while the one before is written.
  let writing = Promise.resolve();
  const flush = async () => {
    await writing;
    if (batch.length === 0) return;
    if (deps.shouldStop()) throw new Stopped();
    const lines = batch;
    const upTo = { ...state, problems: [...state.problems] };
    batch = [];
    writing = write(deps, task, { lines, authors, upTo });
    // It is waited for before the next; until then a failure is not unhandled.
    writing.catch(() => {});
  };
  for await (const one of said) {
    const replyTo = one.replyTo === null ? undefined : seqOf.get(one.replyTo);
    for (const [i, text] of cleanLine(one.text).parts.entries()) {
      seq += 1;
      if (i === 0 && one.key !== null) note(seqOf, one.key, seq);
      if (seq > task.messages) batch.push({ seq, said: one, text, ...(i === 0 && { replyTo }) });
    }
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  await writing;
  return seq;
}

function note(seqOf: Map<string, number>, key: string, seq: number): void {
  seqOf.set(key, seq);
  if (seqOf.size <= MOST_KEYS) return;
  const [oldest] = seqOf.keys();
  if (oldest !== undefined) seqOf.delete(oldest);
}

interface Line {
  seq: number;
  said: Said;
  text: string;
  replyTo?: number | undefined;
}

interface Written {
  lines: Line[];
  authors: Map<string, UserId>;
  upTo: Progress;
}

async function write(deps: ImportDeps, task: ImportTask, { lines, authors, upTo }: Written) {
  const [first, last] = [lines[0]?.seq ?? 0, lines.at(-1)?.seq ?? 0];
  await deps.store.sql.begin(async (tx) => {
    const { skipped, progress, problems } = upTo;
    const how = { from: first - 1, to: last, skipped, progress, problems };
    if (!(await advanceImport(tx, task.id, how))) throw new Stopped();
    await learnAuthors(tx, task, lines, authors);
    const entries = lines.map((line) => ({ n: line.seq, fact: factOf(task, line, authors) }));
    await storeFacts(tx, [{ room: task.room, entries }]);
  });
  deps.onProgress(upTo.progress);
}

async function learnAuthors(
  tx: TransactionSql,
  { room }: ImportTask,
  lines: Line[],
  authors: Map<string, UserId>,
): Promise<void> {
  const strangers = new Map<string, string>();
  for (const { said } of lines) {
    const { key, name } = said.author;
    if (!authors.has(key)) strangers.set(key, cleanName(name));
  }
  if (strangers.size === 0) return;
  const asked = Array.from(strangers, ([key, name]) => ({ key, name }));
  for (const [key, id] of await ensureAuthors(tx, room, asked)) authors.set(key, id);
}

function factOf(task: ImportTask, line: Line, authors: Map<string, UserId>): Fact {
  const { seq, said, text, replyTo } = line;
  const id = authors.get(said.author.key);
  if (id === undefined) throw new Error("An author was not made");
  return {
    seq,
    type: "message.sent",
    at: new Date(said.at).toISOString(),
    by: { id, name: cleanName(said.author.name) },
    clientId: clientIdOf(task.id, seq),
    text,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(said.editedAt === null ? {} : { editedAt: new Date(said.editedAt).toISOString() }),
    mentions: [],
  };
}

/** Always the same for the same line of the same import (RFC 9562, UUIDv8). */
function clientIdOf(id: ImportId, seq: number): ClientId {
  const digits = hash("sha1", `${id}:${seq}`);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}` as ClientId;
}
