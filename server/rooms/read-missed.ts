import type { Digest, DigestedConversation } from "../../db/digest/digest.ts";
import {
  type Quoted,
  readAcquaintance,
  readDigestBetween,
  readPartIn,
  readQuoted,
} from "../../db/postgres/missed.ts";
import { readDigested } from "../../db/postgres/placements.ts";
import { findUsers } from "../../db/postgres/users.ts";
import { readChanges } from "../../db/redis/room-log.ts";
import type { Stores } from "../../db/stores.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { Missed, User } from "../../protocol/shapes.ts";
import type { Deps, RoomAct, RoomCall } from "./act.ts";

const LONGEST_TITLE = 120;
const LONGEST_QUESTION = 300;
const TITLE_TERMS = 4;

/**
 * What happened in a room since the caller's read marker, or between two positions. It is put together from
 * digests that workers have made, so that a million messages cost as much as a hundred; and each word,
 * link and question in it is looked up in a message that stands now. What people say whom the caller blocks
 * is counted, not shown.
 */
export const readMissed: RoomAct<"room:missed"> = async (deps, call, input) => {
  const room = call.rules.row.id;
  const { user } = call.caller;
  const { stores } = deps;
  const [marker, digested] = await Promise.all([
    input.since ?? readMarker(deps, call),
    readDigested(stores.store.sql, room),
  ]);
  const until = Math.min(input.until ?? Infinity, digested?.seq ?? 0);
  const since = Math.min(marker, until);
  const digest = await readDigestBetween(stores.store.sql, room, { since, until });
  const conversations = digest.conversations.map(({ id }) => id);
  const stretch = { room, user: user.id, since, until };
  const [standing, parts, { known, blocked }] = await Promise.all([
    quoteNow(stores, room, seqsIn(digest)),
    readPartIn(stores.store.sql, { ...stretch, conversations }),
    readAcquaintance(stores.store.sql, stretch),
  ]);
  const quoted = new Map([...standing].filter(([, { by }]) => !blocked.has(by.id)));
  const people = [...peopleIn(digest), ...known].filter((id) => !blocked.has(id));
  const users = await findUsers(stores.store, [...new Set(people)]);
  const byId = new Map(users.map((each) => [each.id, each]));
  return {
    since,
    until,
    messages: digest.messages,
    people: spokenBy(byId, digest.people),
    readingSeconds: Math.ceil(digest.readingMs / 1_000),
    conversations: digest.conversations
      .map((conversation) => ({
        id: String(conversation.id),
        title: titleOf(conversation, quoted),
        from: conversation.from,
        to: conversation.to,
        messages: conversation.messages,
        people: spokenBy(byId, conversation.people),
        mine: parts.get(conversation.id)?.mine ?? false,
        mentioned: parts.get(conversation.id)?.mentioned ?? false,
        best: conversation.best.flatMap(([seq]) => (quoted.has(seq) ? seq : [])),
      }))
      .toSorted((a, b) => concernOf(b) - concernOf(a)),
    links: digest.links.flatMap(({ url, seq, times }) => {
      const message = quoted.get(seq);
      return message?.text.includes(url) === true ? { url, by: message.by, seq, times } : [];
    }),
    questions: digest.questions.flatMap((seq) => {
      const message = quoted.get(seq);
      return message === undefined
        ? []
        : { seq, by: message.by, text: cut(message.text, LONGEST_QUESTION) };
    }),
    knownPeople: known.flatMap((id) => byId.get(id) ?? []),
  };
};

async function readMarker({ lookups }: Deps, { caller, rules }: RoomCall): Promise<number> {
  const { row } = await lookups.member(rules.row.id, { user: caller.user.id, joinAs: null });
  return row?.lastReadSeq ?? 0;
}

/** What concerns the caller stands first; the rest stays by size. */
function concernOf({ mentioned, mine }: { mentioned: boolean; mine: boolean }): number {
  return (mentioned ? 2 : 0) + (mine ? 1 : 0);
}

/** Its first question, or else the words that tell most, as far as a message that stands says them. */
function titleOf(
  { question, terms, from }: DigestedConversation,
  quoted: ReadonlyMap<number, Quoted>,
): string {
  const asked = question === null ? undefined : quoted.get(question);
  if (asked !== undefined) return cut(asked.text, LONGEST_TITLE);
  const said = terms
    .filter(([term, , seq]) => quoted.get(seq)?.text.toLowerCase().includes(term) === true)
    .slice(0, TITLE_TERMS)
    .map(([term]) => term);
  return said.length > 0 ? said.join(", ") : cut(quoted.get(from)?.text ?? "", LONGEST_TITLE);
}

/** One line of a text, by code points. */
function cut(text: string, most: number): string {
  const letters = Array.from(text.replaceAll(/\s+/gu, " ").trim());
  return letters.length <= most ? letters.join("") : `${letters.slice(0, most - 1).join("")}…`;
}

function spokenBy(users: ReadonlyMap<UserId, User>, people: Digest["people"]): Missed["people"] {
  return people.flatMap(([id, messages]) => {
    const user = users.get(id);
    return user === undefined ? [] : { user, messages };
  });
}

function peopleIn({ people, conversations }: Digest): UserId[] {
  const all = [people, ...conversations.map((conversation) => conversation.people)].flat();
  return all.map(([user]) => user);
}

/** Messages whose text the answer shows, or has words of. */
function seqsIn({ conversations, links, questions }: Digest): number[] {
  const seqs = conversations.flatMap(({ question, terms, best, from }) => [
    from,
    ...(question === null ? [] : [question]),
    ...terms.map(([, , seq]) => seq),
    ...best.map(([seq]) => seq),
  ]);
  return [...new Set([...seqs, ...links.map(({ seq }) => seq), ...questions])];
}

/**
 * What messages say now. Redis is asked after Postgres: what was taken back but is not stored yet is known
 * there, and is not sent (G19).
 */
async function quoteNow(
  stores: Stores,
  room: RoomId,
  seqs: number[],
): Promise<Map<number, Quoted>> {
  const quoted = await readQuoted(stores.store.sql, room, seqs);
  for (const [seq, change] of await readChanges(stores.link, room, seqs)) {
    const message = quoted.get(seq);
    if (change.removed === true) quoted.delete(seq);
    else if (message !== undefined && change.text !== undefined) message.text = change.text;
  }
  return quoted;
}
