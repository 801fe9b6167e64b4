import type { Room, SearchHit } from "../../client/index.ts";
import { ask } from "../session/ask.ts";

/** What was found, with the rooms that it is in, as far as they may be known. */
export interface Page {
  items: readonly SearchHit[];
  nextCursor: string | null;
  rooms: ReadonlyMap<string, Room>;
}

export interface Search {
  q: string;
  sort: "time" | "relevance";
}

const PAGE = 30;
const NOTHING: Page = { items: [], nextCursor: null, rooms: new Map() };

/** The first page of a search. */
export async function find(search: Search): Promise<Page> {
  return search.q.trim() === "" ? NOTHING : next(search, NOTHING);
}

/** What was found before, and one page more. */
export async function next(search: Search, found: Page): Promise<Page> {
  const { nextCursor } = found;
  const more = await ask("message:search", {
    ...search,
    limit: PAGE,
    ...(nextCursor === null ? {} : { cursor: nextCursor }),
  });
  const unknown = [...new Set(more.items.map(({ room }) => room))].filter(
    (id) => !found.rooms.has(id),
  );
  const rooms = await Promise.all(
    unknown.map((room) => ask("room:get", { room }).catch(() => null)),
  );
  const known = rooms.flatMap((room) => (room === null ? [] : [[room.id, room] as const]));
  return {
    items: [...found.items, ...more.items],
    nextCursor: more.nextCursor,
    rooms: new Map([...found.rooms, ...known]),
  };
}
