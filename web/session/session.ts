import { computed, effect, signal } from "@preact/signals";

import {
  askAsVisitor,
  createClient,
  type Client,
  type ConnectionState,
  type User,
  whoIs,
} from "../../client/index.ts";
import { keep, outboxStorage, readKept } from "./kept.ts";

/** Who someone is here, and what proves it. */
export interface Session {
  user: User;
  token: string;
  expiresAt: string;
  /** Brings a newer token, where someone else signs people in. */
  renew?: () => Promise<string>;
}

/** Who we are; null before a name was said. */
export const session = signal<Session | null>(keptSession());
/** Our line to the server; null for as long as we have no name. */
export const client = signal<Client | null>(null);
export const connection = signal<ConnectionState>("connecting");
/** What the machine says of its network: sockets notice a cut only much later. */
export const hasNetwork = signal(navigator.onLine);

/** Drops in: a name is all it takes. Throws a Refusal. */
export async function dropIn(displayName: string): Promise<void> {
  const guest = await askAsVisitor(location.origin, "guest:create", { displayName });
  keep("session", guest);
  session.value = guest;
}

/** Comes in as the one whom the page around us has signed in. Throws a Refusal. */
export async function comeInWith(token: string, renew: () => Promise<string>): Promise<void> {
  const user = await whoIs(location.origin, token);
  session.value = { user, token, expiresAt: "", renew };
}

/** My profile has changed: the page names me anew, and so does the server from now on. */
export function nameMeAnew(user: User): void {
  const mine = session.peek();
  if (mine === null) return;
  const next = { ...mine, user };
  if (mine.renew === undefined) keep("session", next);
  session.value = next;
  // Should it fail: the next connection says the new name by itself.
  client
    .peek()
    ?.call("session:renew", { token: mine.token })
    .catch(() => {});
}

/** Forgets who we are. */
export function signOut(): void {
  keep("session", null);
  session.value = null;
}

/** The name that was used last, to offer it again. */
export function lastName(): string {
  return readKept<Session>("session")?.user.name ?? readKept<string>("name") ?? "";
}

function keptSession(): Session | null {
  const kept = readKept<Session>("session");
  return kept !== null && Date.parse(kept.expiresAt) > Date.now() ? kept : null;
}

/** A line lasts as long as its token: a new name does not cut it. */
const token = computed(() => session.value?.token ?? null);

effect(() => {
  const mine = token.value === null ? null : session.peek();
  if (mine === null) {
    client.value = null;
    return;
  }
  keep("name", mine.user.name);
  const line = createClient({
    url: location.origin,
    token: mine.token,
    user: mine.user,
    storage: outboxStorage,
    ...(mine.renew !== undefined && { getToken: mine.renew }),
  });
  connection.value = line.state;
  line.on("state", (state) => {
    connection.value = state;
    // The token has run out or is not known any more: a new name is one line away.
    if (state === "closed" && line.refusal !== null && token.peek() === mine.token) signOut();
  });
  client.value = line;
  return () => line.close();
});

addEventListener("online", () => {
  hasNetwork.value = true;
  client.peek()?.retryNow();
});
addEventListener("offline", () => {
  hasNetwork.value = false;
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") client.peek()?.retryNow();
});
// Another tab has signed in or out: one browser is one person.
addEventListener("storage", ({ key }) => {
  if (key === "eddy:session") session.value = keptSession();
});
