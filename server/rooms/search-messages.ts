import { findRoom } from "../../db/postgres/rooms.ts";
import { indexLagMs } from "../../db/postgres/search-index.ts";
import {
  type SearchPlace,
  type SearchTerm,
  searchMessages,
  spellingsOf,
} from "../../db/postgres/search.ts";
import {
  foldForSearch,
  gramsToFind,
  spacelessRuns,
  withoutSpaceless,
} from "../../db/search-grams.ts";
import { Refusal } from "../../protocol/errors.ts";
import { RoomId, RoomRef } from "../../protocol/ids.ts";
import type { Caller, Deps, PlainAct } from "./act.ts";
import { decodeCursor, notOurs, pageOf } from "./paging.ts";
import { refuseBanned } from "./refuse-banned.ts";
import { parseQuery } from "./search/parse-query.ts";
import { MARK, snippetOf } from "./search/snippet.ts";
import { signedIn } from "./signed-in.ts";

/** Terms of one query; what is beyond them does not count. */
const MAX_TERMS = 12;
/** Shorter words are looked for as they are. */
const LEAST_SPELLED = 3;

/** Messages that hold some words, in all rooms that the caller may see. */
export const search: PlainAct<"message:search"> = async (deps, caller, input) => {
  const { store } = deps.stores;
  const me = signedIn(caller);
  const query = parseQuery(input.q);
  const wanted = query.terms.slice(0, MAX_TERMS);
  const terms = await Promise.all(wanted.map((term) => termOf(deps, term)));
  const has = new Set([...query.has.map(thingOf), ...(input.has === undefined ? [] : [input.has])]);
  const found = await searchMessages(store, {
    user: me.user.id,
    terms,
    room: await roomIdOf(deps, me, input.room ?? query.in),
    from: input.from?.replace(/^@/u, "") ?? query.from,
    before: timeOf("before", input.before ?? query.before),
    after: timeOf("after", input.after ?? query.after),
    has: { link: has.has("link"), reaction: has.has("reaction"), reply: has.has("reply") },
    sort: input.sort,
    cursor: placeOf(decodeCursor(input.cursor)),
    limit: input.limit + 1,
    mark: MARK,
  });
  const { items, nextCursor } = pageOf(found, input.limit, (last) => [
    last.rank,
    last.at_ms,
    last.room,
    last.seq,
  ]);
  const runs = terms.flatMap((term) => (term.not ? [] : term.runs.map(({ text }) => text)));
  return {
    items: items.map(({ room, seq, by_id: id, by_name: name, at, marked, conversation }) => ({
      room,
      seq,
      by: { id, name },
      at,
      snippet: snippetOf(marked, runs),
      ...(conversation === null ? {} : { conversation: String(conversation) }),
    })),
    nextCursor,
    indexLagMs: await indexLagMs(store),
  };
};

async function termOf(
  { stores }: Deps,
  { text, phrase, not }: { text: string; phrase: boolean; not: boolean },
): Promise<SearchTerm> {
  const folded = foldForSearch(text);
  const runs = spacelessRuns(folded).map((run) => ({ text: run, grams: gramsToFind(run) }));
  const plain = withoutSpaceless(folded)
    .replaceAll(/["\s]+/gu, " ")
    .trim();
  if (plain === "") return { words: null, runs, not };
  const asIs = `"${plain}"`;
  // What is asked for in quotes, or left out, is meant as it is written.
  if (phrase || not || Array.from(plain).length < LEAST_SPELLED || !/^\p{L}+$/u.test(plain)) {
    return { words: asIs, runs, not };
  }
  const others = await spellingsOf(stores.store, plain);
  const words = [...new Set([plain, ...others])].map((word) => `"${word}"`).join(" or ");
  return { words, runs, not };
}

/** Errors: `banned` from the room that is named; `invalid` when `has:` names nothing that a message has. */
async function roomIdOf(deps: Deps, caller: Caller, ref: string | null): Promise<RoomId | null> {
  if (ref === null) return null;
  const parsed = RoomRef.safeParse(ref);
  const room = parsed.success ? await findRoom(deps.stores.store, parsed.data) : null;
  // A room that does not exist, like one that one may not know of, holds nothing.
  if (room === null) return NOWHERE;
  if (room.visibility !== "private") {
    const rules = await deps.rules.reload(room.id);
    await refuseBanned(deps, { caller, rules });
  }
  return room.id;
}

function thingOf(text: string): "link" | "reaction" | "reply" {
  if (text === "link" || text === "reaction" || text === "reply") return text;
  throw new Refusal("invalid", `No message has "${text}".`, {
    issues: [{ path: "has", message: "Use has:link, has:reaction or has:reply" }],
  });
}

const NOWHERE = RoomId.parse("00000000-0000-7000-8000-000000000000");

function timeOf(name: string, text: string | null): string | null {
  if (text === null) return null;
  const ms = /^\d{4}-\d{2}-\d{2}/u.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw new Refusal("invalid", `${name} is no date.`, {
    issues: [{ path: name, message: "Use 2026-03-14, or a time as in 2026-03-14T15:09:26Z" }],
  });
}

function placeOf(values: unknown[] | null): SearchPlace | null {
  if (values === null) return null;
  const [rank, atMs, id, seq] = values;
  const room = RoomId.safeParse(id);
  if (!room.success || ![rank, atMs, seq].every(Number.isFinite)) throw notOurs();
  return [Number(rank), Number(atMs), room.data, Number(seq)];
}
