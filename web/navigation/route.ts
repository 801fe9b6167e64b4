import { signal } from "@preact/signals";

/** Where in the page someone is. */
export type Route =
  | { page: "directory" }
  | { page: "people" }
  | { page: "search"; q: string }
  /** `at`: a message to go to. */
  | { page: "room"; room: string; at: number | null }
  | { page: "invitation"; code: string };

/** Whether we are a part of somebody's page: then there is this one room, and no other. */
export const embedded = location.pathname.startsWith("/embed/");

/** Where we are; follows the address bar. */
export const route = signal<Route>(readRoute(location));

/** Goes to an address of this page. */
export function navigate(path: string): void {
  history.pushState(null, "", path);
  route.value = readRoute(location);
  scrollTo(0, 0);
}

/** Goes to an address in the place of this one: the way back does not lead here again. */
export function moveOn(path: string): void {
  history.replaceState(null, "", path);
  route.value = readRoute(location);
}

/** The address of a room, or of one message in it. */
export function roomPath(room: string, at?: number): string {
  return `/r/${encodeURIComponent(room)}${at === undefined ? "" : `/${at}`}`;
}

/** The address of a search. */
export function searchPath(q: string): string {
  return q.trim() === "" ? "/search" : `/search?q=${encodeURIComponent(q.trim())}`;
}

function readRoute({ pathname, search }: Pick<Location, "pathname" | "search">): Route {
  const [, code] = /^\/i\/([^/]+)\/?$/u.exec(pathname) ?? [];
  if (code !== undefined) return { page: "invitation", code };
  if (/^\/people\/?$/u.test(pathname)) return { page: "people" };
  if (/^\/search\/?$/u.test(pathname)) {
    return { page: "search", q: new URLSearchParams(search).get("q") ?? "" };
  }
  const [, room, at] = /^\/(?:r|embed)\/([^/]+)(?:\/([1-9]\d{0,14}))?\/?$/u.exec(pathname) ?? [];
  if (room === undefined) return { page: "directory" };
  // Links that were copied before there were permalinks.
  const named = at ?? /^[1-9]\d{0,14}$/u.exec(new URLSearchParams(search).get("at") ?? "")?.[0];
  return {
    page: "room",
    room: decodeURIComponent(room),
    at: named === undefined ? null : Number(named),
  };
}

addEventListener("popstate", () => {
  route.value = readRoute(location);
});
