import { type Store } from "../../db/postgres/connection.ts";
import { createImport, readImport, startImport, writePart } from "../../db/postgres/imports.ts";
import { createRoom } from "../../db/postgres/rooms.ts";
import { UserId, type ImportId } from "../../protocol/ids.ts";
import { MAX_IMPORT_PART_BYTES } from "../../protocol/limits.ts";

const WORDS = "tea milk kettle leaf cup steam porcelain sugar lemon biscuit".split(" ");

/** An IRC log of so many messages by two thousand people, some 60 bytes each. */
function* logOf(messages: number): Generator<string> {
  for (let i = 0; i < messages; i += 1) {
    const seconds = Math.floor((i * 86_400) / messages);
    const stamp = [seconds / 3_600, (seconds / 60) % 60, seconds % 60]
      .map((part) => String(Math.floor(part)).padStart(2, "0"))
      .join(":");
    const said = Array.from({ length: 6 }, (_, n) => WORDS[(i * 7 + n * n * 13) % WORDS.length]);
    yield `${stamp} <nick${(i * 31) % 2_000}> ${said.join(" ")} ${i}\n`;
  }
}

/** Uploads a log and starts its import. */
export async function startImportOf(store: Store, messages: number): Promise<ImportId> {
  const [owner] = await store.sql<{ id: string }[]>`SELECT id FROM users LIMIT 1`;
  const room = await createRoom(store, {
    title: "Old times",
    visibility: "private",
    by: UserId.parse(owner?.id),
    importing: true,
  });
  const { id } = await createImport(store, {
    room: room.id,
    format: "irc",
    options: { date: "2024-03-05" },
    visibility: "public",
  });
  let [part, text] = [0, ""];
  const flush = async () => {
    part += 1;
    await writePart(store, id, part, Buffer.from(text));
    text = "";
  };
  for (const line of logOf(messages)) {
    if (text.length + line.length > MAX_IMPORT_PART_BYTES) await flush();
    text += line;
  }
  await flush();
  await startImport(store, id);
  return id;
}

/** Messages in the room so far. Errors: when the import failed. */
export async function importedOf(
  store: Store,
  id: ImportId,
): Promise<{ messages: number; isDone: boolean }> {
  const { state, messages, problems } = await readImport(store, id);
  if (state === "failed") throw new Error(problems.join(" "));
  return { messages, isDone: state === "done" };
}
