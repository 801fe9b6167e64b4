import { computed, signal, type ReadonlySignal } from "@preact/signals";

import type {
  Client,
  OutgoingMessage,
  Presence,
  Role,
  Room,
  RoomClosed,
  RoomHandle,
  RoomView,
  User,
} from "../../client/index.ts";
import { session } from "../session/session.ts";
import { announceFacts } from "./announce-facts.ts";
import { trackReading, type Reading } from "./reading.ts";

/** One room as the page holds it: the client's handle as signals. */
export interface OpenRoom {
  readonly handle: RoomHandle;
  /** Who looks. */
  readonly me: User;
  readonly room: ReadonlySignal<Room | null>;
  readonly view: ReadonlySignal<RoomView>;
  /** Mine that are not known to be stored. */
  readonly outgoing: ReadonlySignal<readonly OutgoingMessage[]>;
  /** Mine up to here are stored. */
  readonly storedSeq: ReadonlySignal<number>;
  readonly presence: ReadonlySignal<Presence>;
  /** Who else is typing, by name. */
  readonly typing: ReadonlySignal<readonly string[]>;
  /** Everyone whose face or words are here, by id. */
  readonly people: ReadonlySignal<ReadonlyMap<string, Person>>;
  readonly role: ReadonlySignal<Role>;
  readonly state: ReadonlySignal<RoomHandle["state"]>;
  readonly closed: ReadonlySignal<RoomClosed | null>;
  readonly reading: Reading;
  /** The page looks elsewhere. What was said is still brought in before we leave. */
  leave(): void;
}

/** What is known of someone in a room. */
export type Person = Pick<User, "id" | "name"> & Partial<User>;

/** Enters a room for the page. */
export function openRoom(client: Client, me: User, ref: string): OpenRoom {
  const handle = client.enter(ref);
  const view = signal(handle.view);
  const entered = signal(handle.room);
  const outgoing = signal<readonly OutgoingMessage[]>(handle.outgoing);
  const storedSeq = signal(handle.stored?.seq ?? 0);
  const presence = signal(handle.presence);
  const typingIds = signal<readonly string[]>([]);
  const state = signal(handle.state);
  const closed = signal<RoomClosed | null>(null);
  const initialRole = signal<Role>(handle.me?.role ?? "guest");
  const reading = trackReading(handle, me.id);
  let typingOver: ReturnType<typeof setTimeout> | undefined;

  const people = computed(() => {
    const known = new Map<string, Person>();
    for (const { by } of view.value.messages) known.set(by.id, by);
    for (const user of presence.value.users) known.set(user.id, user);
    known.set(me.id, session.value?.user ?? me);
    return known;
  });

  const offs = [
    handle.on("view", (next) => (view.value = next)),
    handle.on("state", (next) => {
      state.value = next;
      if (next === "live") {
        entered.value = handle.room;
        initialRole.value = handle.me?.role ?? "guest";
      }
    }),
    handle.on("outgoing", () => (outgoing.value = [...handle.outgoing])),
    handle.on("stored", ({ seq }) => (storedSeq.value = seq)),
    handle.on("presence", (next) => (presence.value = next)),
    handle.on("typing", (users) => {
      typingIds.value = users.filter((id) => id !== me.id);
      clearTimeout(typingOver);
      typingOver = setTimeout(() => (typingIds.value = []), TYPING_SHOWN_MS);
    }),
    handle.on("facts", ({ facts, live }) => {
      // Who has just said it is not typing it any more.
      const spoke = new Set<string>(facts.map(({ by }) => by.id));
      typingIds.value = typingIds.value.filter((id) => !spoke.has(id));
      if (live) announceFacts(facts, me);
    }),
    handle.on("closed", (how) => (closed.value = how)),
  ];

  const stop = () => {
    clearTimeout(typingOver);
    for (const off of offs) off();
    reading.stop();
  };

  return {
    handle,
    me,
    view,
    outgoing,
    storedSeq,
    presence,
    people,
    state,
    closed,
    reading,
    room: computed(() => {
      const { archivedAt, ...changes } = view.value.changes;
      if (entered.value === null) return null;
      // A change that was not made is absent, never undefined.
      return { ...entered.value, ...(changes as Partial<Room>), ...(archivedAt && { archivedAt }) };
    }),
    typing: computed(() =>
      typingIds.value.map((id) => people.value.get(id)?.name ?? "Someone").slice(0, MOST_TYPING),
    ),
    role: computed(() => view.value.roles[me.id] ?? initialRole.value),
    leave() {
      stop();
      leaveWhenSaid(handle);
    },
  };
}

/** What is still on its way would fail if we left now: the handle stays until it is in. */
function leaveWhenSaid(handle: RoomHandle): void {
  const isOnItsWay = () =>
    handle.outgoing.some(({ state }) => state === "queued" || state === "sent");
  if (!isOnItsWay()) return handle.leave();
  const off = handle.on("outgoing", () => {
    if (isOnItsWay()) return;
    off();
    handle.leave();
  });
}

const TYPING_SHOWN_MS = 4_000;
const MOST_TYPING = 3;
