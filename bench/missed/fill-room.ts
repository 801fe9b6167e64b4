import { LEAF_MESSAGES } from "../../db/digest/cover.ts";
import type { Store } from "../../db/postgres/connection.ts";
import { writeDigests } from "../../db/postgres/digests.ts";
import {
  advanceDigested,
  type NewPlacement,
  writePlacements,
} from "../../db/postgres/placements.ts";
import { storeFacts } from "../../db/postgres/store-facts.ts";
import type { FactOf } from "../../protocol/facts.ts";
import type { ClientId, RoomId, UserId } from "../../protocol/ids.ts";
import { loadModel } from "../../workers/conversations/model.ts";
import { asks, gistOf } from "../../workers/digest/gist.ts";

const PEOPLE = 2_000;
/** Conversations that go on at the same time, and how many messages each has. */
const AT_ONCE = 6;
const LONG = 20;
/** Whole blocks: a batch ends where one does. */
const BATCH = 64 * LEAF_MESSAGES;
const WORDS =
  "kernel driver sound espresso ticket walk partition compiler garden violin train bakery storm novel museum bicycle".split(
    " ",
  );

/**
 * Fills a room with messages, their places and their digests, through the queries that workers use. Only the
 * choice of conversations is not made by the model, which would take a quarter of an hour.
 */
export async function fillRoom(
  store: Store,
  { room, messages }: { room: RoomId; messages: number },
): Promise<void> {
  const model = loadModel();
  const people = await addPeople(store);
  for (let from = 0; from < messages; from += BATCH) {
    const upTo = Math.min(from + BATCH, messages);
    const facts = Array.from({ length: upTo - from }, (_, i) => factAt(from + i + 1, people));
    const leaves = Array.from(
      { length: Math.floor((upTo - from) / LEAF_MESSAGES) },
      (_, i) => from / LEAF_MESSAGES + i,
    );
    await store.sql.begin(async (tx) => {
      await storeFacts(tx, [{ room, entries: facts.map((fact) => ({ n: fact.seq, fact })) }]);
      const placements = facts.map(({ seq, by, text = "" }): NewPlacement => {
        const { parent, conversation } = placeAt(seq);
        const said = { question: asks(text), gist: gistOf(text, model) };
        return { seq, n: seq, author: by.id, parent, conversation, ...said };
      });
      await writePlacements(tx, room, placements);
      await writeDigests(tx, room, { leaves, messages: upTo });
      await advanceDigested(tx, room, { from, to: upTo });
    });
  }
}

async function addPeople({ sql }: Store): Promise<UserId[]> {
  const rows = await sql<{ id: UserId }[]>`
    INSERT INTO users (id, kind, name)
    SELECT gen_random_uuid(), 'guest', 'person ' || i FROM generate_series(1, ${PEOPLE}) i RETURNING id`;
  return rows.map(({ id }) => id);
}

function factAt(seq: number, people: readonly UserId[]): FactOf<"message.sent"> {
  const number = (seq * 7_919) % 1_000_003;
  const who = number % (number % 3 === 0 ? PEOPLE : 40);
  const words = [1, 16, 256].map((step) => WORDS[Math.floor(number / step) % WORDS.length]);
  const end =
    number % 9 === 0 ? "?" : number % 41 === 0 ? ` https://example.org/${number % 500}` : "";
  const digits = seq.toString(16).padStart(12, "0");
  return {
    seq,
    type: "message.sent",
    at: new Date(Date.UTC(2026, 0, 1) + seq * 1_000).toISOString(),
    by: { id: people[who] as UserId, name: `person ${who}` },
    clientId: `00000000-0000-8000-8000-${digits}` as ClientId,
    text: `what about the ${words.join(" and the ")}${end}`,
    mentions: [],
  };
}

function placeAt(seq: number): { parent: number; conversation: number } {
  const stretch = AT_ONCE * LONG;
  const conversation = Math.floor((seq - 1) / stretch) * stretch + ((seq - 1) % AT_ONCE) + 1;
  return { conversation, parent: seq === conversation ? seq : seq - AT_ONCE };
}
