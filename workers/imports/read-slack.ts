import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

import { type Entry, openPromise, type ZipFile } from "yauzl";
import * as z from "zod";

import { type ImportSource, type Said, Unreadable } from "./said.ts";
import { slackText } from "./slack-text.ts";

/** One day of a channel is a file; a bomb is larger. */
const MOST_BYTES_OF_A_FILE = 100_000_000;
/** What people and bots say; other subtypes are the service's own (joins, topics, pins). */
const SPOKEN = new Set([undefined, "bot_message", "thread_broadcast", "me_message", "file_share"]);

const User = z.object({
  id: z.string(),
  name: z.string(),
  real_name: z.string().optional(),
  profile: z.object({ display_name: z.string().optional() }).optional(),
});
const Message = z.object({
  type: z.literal("message"),
  subtype: z.string().optional(),
  ts: z.string().regex(/^\d+\.\d+$/u),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  username: z.string().optional(),
  text: z.string().default(""),
  thread_ts: z.string().optional(),
  edited: z.object({ ts: z.string() }).optional(),
  files: z.array(z.object({ url_private: z.string().optional() })).default([]),
});
type Message = z.infer<typeof Message>;

/** Reads one channel of a workspace's export: a ZIP with users.json and a file for each day. */
export async function* readSlack(source: ImportSource): AsyncGenerator<Said> {
  const home = await mkdtemp(path.join(tmpdir(), "eddy-import-"));
  try {
    const file = path.join(home, "export.zip");
    await pipeline(Readable.from(source.chunks()), createWriteStream(file));
    const zip = await openZip(file);
    try {
      yield* readChannel(zip, source);
    } finally {
      zip.close();
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function openZip(file: string): Promise<ZipFile> {
  try {
    return await openPromise(file, { lazyEntries: true, autoClose: false });
  } catch (cause) {
    throw new Unreadable("The file is no ZIP, as Slack exports workspaces.", { cause });
  }
}

async function* readChannel(zip: ZipFile, source: ImportSource): AsyncGenerator<Said> {
  const entries = await listEntries(zip);
  const days = daysOf(entries, source.options.channel);
  const names = await readNames(zip, entries);
  const nameOf = (user: string) => names.get(user) ?? user;
  for (const [i, entry] of days.entries()) {
    for (const value of await readJson(zip, entry)) {
      const message = Message.safeParse(value);
      if (!message.success) source.onSkipped(`${entry.fileName} has an entry that is no message.`);
      else if (!SPOKEN.has(message.data.subtype)) source.onSkipped(null);
      else yield saidIn(message.data, nameOf);
    }
    source.onProgress((i + 1) / days.length);
  }
}

async function listEntries(zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    zip.once("end", resolve);
    zip.once("error", reject);
  });
  zip.on("entry", (entry: Entry) => {
    entries.push(entry);
    zip.readEntry();
  });
  zip.readEntry();
  await ended;
  return entries;
}

/** The files of one channel, in the order of their days. */
function daysOf(entries: Entry[], wanted: string | undefined): Entry[] {
  const ofChannel = groupByChannel(entries);
  ofChannel.delete(null);
  const channels = [...ofChannel.keys()];
  const name = wanted ?? (channels.length === 1 ? channels[0] : undefined);
  const days = name === undefined || name === null ? undefined : ofChannel.get(name);
  if (days === undefined) {
    throw new Unreadable(`Name one channel of this export as \`channel\`: ${channels.join(", ")}.`);
  }
  return days.toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1));
}

function groupByChannel(entries: Entry[]): Map<string | null, Entry[]> {
  const groups = new Map<string | null, Entry[]>();
  for (const entry of entries) {
    const channel = channelOf(entry);
    groups.set(channel, [...(groups.get(channel) ?? []), entry]);
  }
  return groups;
}

function channelOf({ fileName }: Entry): string | null {
  return /^([^/]+)\/\d{4}-\d{2}-\d{2}\.json$/u.exec(fileName)?.[1] ?? null;
}

async function readNames(zip: ZipFile, entries: Entry[]): Promise<Map<string, string>> {
  const entry = entries.find(({ fileName }) => fileName === "users.json");
  const users = entry === undefined ? [] : await readJson(zip, entry);
  return new Map(
    users.flatMap((value): [string, string][] => {
      const user = User.safeParse(value);
      if (!user.success) return [];
      const { id, name, real_name: realName, profile } = user.data;
      const shown = [profile?.display_name, realName, name].find(
        (one) => one !== undefined && one !== "",
      );
      return [[id, shown ?? name]];
    }),
  );
}

async function readJson(zip: ZipFile, entry: Entry): Promise<unknown[]> {
  if (entry.uncompressedSize > MOST_BYTES_OF_A_FILE) {
    throw new Unreadable(`${entry.fileName} is larger than any day of a channel.`);
  }
  try {
    const json = await buffer(await zip.openReadStreamPromise(entry));
    return z.array(z.unknown()).parse(JSON.parse(json.toString()));
  } catch (cause) {
    throw new Unreadable(`${entry.fileName} is no JSON array.`, { cause });
  }
}

function saidIn(message: Message, nameOf: (user: string) => string): Said {
  const { ts, user, bot_id: bot, username, text, thread_ts: thread, edited, files } = message;
  const key = user ?? bot ?? username ?? "someone";
  const links = files.flatMap(({ url_private: url }) => (url === undefined ? [] : [url]));
  return {
    key: ts,
    replyTo: thread === undefined || thread === ts ? null : thread,
    at: msOf(ts),
    author: { key, name: username ?? nameOf(key) },
    text: [slackText(text, nameOf), ...links].filter((part) => part !== "").join("\n"),
    editedAt: edited === undefined ? null : msOf(edited.ts),
  };
}

function msOf(ts: string): number {
  return Math.floor(Number(ts) * 1_000);
}
