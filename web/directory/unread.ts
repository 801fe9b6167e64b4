import { signal } from "@preact/signals";

import type { Client, UnreadRoom } from "../../client/index.ts";

/** What one has not read, by the rooms' ids. */
export const unreadRooms = signal<ReadonlyMap<string, UnreadRoom>>(new Map());

/** Asks anew for what is unread. */
export async function findUnread(client: Client): Promise<void> {
  try {
    const rooms = await client.unread();
    unreadRooms.value = new Map(rooms.map((each) => [each.room, each]));
  } catch {
    // Badges are a convenience: the next look asks again.
  }
}

/** Follows what is read in other windows, until the answer is called. */
export function followReading(client: Client): () => void {
  return client.on("room.read", ({ room, unread, mentions, firstUnread, readRevision }) => {
    const known = unreadRooms.value.get(room);
    if (known !== undefined && known.readRevision > readRevision) return;
    const head = known?.head ?? 0;
    unreadRooms.value = new Map(unreadRooms.value).set(room, {
      room,
      unread,
      mentions,
      firstUnread,
      head,
      readRevision,
    });
  });
}
