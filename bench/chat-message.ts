import { v7 as uuidv7 } from "uuid";

import { type ClientId, RoomId, UserId } from "../protocol/ids.ts";

/** Something said, before anything is made of it. */
export interface ChatMessage {
  room: RoomId;
  author: Author;
  clientId: ClientId;
  text: string;
  at: string;
}

export interface Author {
  id: UserId;
  name: string;
}

/** Ada, who says everything in a benchmark. */
export const ada: Author = {
  id: UserId.parse("0190c5a4-0000-7000-8000-0000000000ad"),
  name: "Ada",
};

/** 120 bytes, about what a line of chat is. */
const LINE =
  "The kettle in the kitchen on the third floor is broken again; does anyone have a spare one, or the number of a fixer? ";

/** New rooms that nobody has spoken in. */
export function newRooms(count: number): RoomId[] {
  return Array.from({ length: count }, () => RoomId.parse(uuidv7()));
}

/** Says one thing after another, in every room in turn. */
export function talkIn(rooms: readonly RoomId[]): () => ChatMessage {
  let said = 0;
  return () => {
    const room = rooms[said % rooms.length];
    if (room === undefined) throw new Error("There is no room to talk in");
    said += 1;
    return {
      room,
      author: ada,
      clientId: clientIdOf(said),
      text: LINE,
      at: new Date().toISOString(),
    };
  };
}

/**
 * A UUIDv7 without its randomness. Ids are the senders' work, and a server that is measured must not
 * pay for them.
 */
function clientIdOf(count: number): ClientId {
  const time = Date.now().toString(16).padStart(12, "0");
  const rest = count.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${rest}` as ClientId;
}
