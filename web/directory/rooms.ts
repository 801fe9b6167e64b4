import { computed, signal } from "@preact/signals";

import { askAsVisitor, type Room } from "../../client/index.ts";
import { ask } from "../session/ask.ts";
import { keep, readKept } from "../session/kept.ts";
import { sentenceOf } from "../session/refusal.ts";
import { client } from "../session/session.ts";

export type Sort = "live" | "new" | "mine";

/** What the directory looks for. */
export const sort = signal<Sort>("live");
export const wanted = signal("");
/** What the rooms are to be about; null for anything. */
export const wantedTag = signal<string | null>(null);
/** All of it, to tell one question from the next. */
const question = computed(() => JSON.stringify([sort.value, wantedTag.value, wanted.value]));
/** What rooms are about, the most used first. */
export const tags = signal<readonly string[]>([]);
/** The rooms that were found; null before the first answer. */
export const rooms = signal<readonly Room[] | null>(null);
export const roomsProblem = signal("");

let tagsRead: Promise<string[]> | null = null;

/** Asks anew for the rooms that are looked for. */
export async function findRooms(): Promise<void> {
  const asked = question.peek();
  const q = wanted.value.trim();
  try {
    const which = {
      limit: 60,
      ...(q !== "" && { q }),
      ...(wantedTag.value !== null && { tag: wantedTag.value }),
    };
    const [{ items }, mine, about] = await Promise.all([
      askAsVisitor(location.origin, "room:list", {
        ...which,
        sort: sort.value === "new" ? "new" : "live",
      }),
      sort.value === "mine" && client.peek() !== null
        ? ask("room:list", { ...which, show: "mine" })
        : { items: [] },
      (tagsRead ??= readTags()),
    ]);
    // A later question may have been answered first.
    if (asked !== question.peek()) return;
    // Both at once: rooms that are there are not pushed down.
    tags.value = about;
    rooms.value = sort.value === "mine" ? withVisited(mine.items, items) : items;
    roomsProblem.value = "";
  } catch (error) {
    roomsProblem.value = sentenceOf(error);
  }
}

/** What rooms are about; nothing when that cannot be read: the rooms say why. */
async function readTags(): Promise<string[]> {
  try {
    const { items } = await askAsVisitor(location.origin, "tag:list", { limit: MOST_TAGS });
    return items.map(({ tag }) => tag);
  } catch {
    return [];
  }
}

/** Those that I am in, and others that I looked into from this browser. */
function withVisited(mine: readonly Room[], others: readonly Room[]): Room[] {
  const known = new Set<string>(mine.map(({ id }) => id));
  const seen = visited();
  return [...mine, ...others.filter(({ id }) => !known.has(id) && seen.includes(id))];
}

/** What is known of a room before it is entered. */
export type Glimpse = Pick<Room, "title" | "topic" | "live">;

/** A room as it was seen last, to show something before it is entered. */
export function glimpseOf(ref: string): Glimpse | null {
  const isIt = ({ id, slug }: Pick<Room, "id" | "slug">) => id === ref || slug === ref;
  const inPage = roomInPage();
  return rooms.peek()?.find(isIt) ?? (inPage !== null && isIt(inPage) ? inPage : null);
}

/** What the link is about that brought us here: the gateway puts it into the page. */
export function roomInPage(): (Glimpse & Pick<Room, "id" | "slug">) | null {
  const meta = document.querySelector<HTMLMetaElement>("meta[name='eddy:room']");
  return meta === null ? null : (JSON.parse(meta.content) as Room);
}

/** Notes that a room was entered, for the list of mine. */
export function noteVisit(id: string): void {
  keep("visited", [id, ...visited().filter((known) => known !== id)].slice(0, 100));
}

function visited(): string[] {
  return readKept<string[]>("visited") ?? [];
}

let soon: ReturnType<typeof setTimeout> | undefined;
question.subscribe(() => {
  clearTimeout(soon);
  soon = setTimeout(() => void findRooms(), wanted.peek() === "" ? 0 : TYPING_MS);
});

const TYPING_MS = 150;
const MOST_TAGS = 12;
