import { effect, signal } from "@preact/signals";

import { askAsVisitor, type Room } from "../../client/index.ts";
import { keep, readKept } from "../session/kept.ts";
import { sentenceOf } from "../session/refusal.ts";

export type Sort = "live" | "new" | "mine";

/** What the directory looks for. */
export const sort = signal<Sort>("live");
export const wanted = signal("");
/** The rooms that were found; null before the first answer. */
export const rooms = signal<readonly Room[] | null>(null);
export const roomsProblem = signal("");

/** Asks anew for the rooms that are looked for. */
export async function findRooms(): Promise<void> {
  const asked = `${sort.value} ${wanted.value}`;
  const q = wanted.value.trim();
  try {
    const { items } = await askAsVisitor(location.origin, "room:list", {
      sort: sort.value === "new" ? "new" : "live",
      limit: 60,
      ...(q !== "" && { q }),
    });
    // A later question may have been answered first.
    if (asked !== `${sort.value} ${wanted.value}`) return;
    rooms.value = sort.value === "mine" ? items.filter(({ id }) => visited().includes(id)) : items;
    roomsProblem.value = "";
  } catch (error) {
    roomsProblem.value = sentenceOf(error);
  }
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

effect(() => {
  // Read here, so that a change of either asks anew.
  const isTyping = wanted.value !== "" && sort.value !== "new";
  const soon = setTimeout(() => void findRooms(), isTyping ? 150 : 0);
  return () => clearTimeout(soon);
});
