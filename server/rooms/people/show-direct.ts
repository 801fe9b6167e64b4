import { listDirect } from "../../../db/postgres/direct-rooms.ts";
import { findUsers } from "../../../db/postgres/users.ts";
import { RoomId } from "../../../protocol/ids.ts";
import type { PlainAct } from "../act.ts";
import { decodeIdCursor, pageOf } from "../paging.ts";
import { showRoomsById } from "../room-view.ts";
import { signedIn } from "../signed-in.ts";

/** Conversations of a few that the caller is in or is asked for. */
export const showDirect: PlainAct<"direct:list"> = async (deps, caller, { cursor, limit }) => {
  const { stores } = deps;
  const me = signedIn(caller).user.id;
  const listed = await listDirect(stores.store, {
    user: me,
    before: decodeIdCursor(cursor, RoomId),
    limit: limit + 1,
  });
  const { items, nextCursor } = pageOf(listed, limit, ({ room }) => [room]);
  const [rooms, people] = await Promise.all([
    showRoomsById(
      stores,
      items.map(({ room }) => room),
    ),
    findUsers(stores.store, [...new Set(items.flatMap((item) => item.people))]),
  ]);
  return {
    items: items.flatMap((item) => {
      const room = rooms.get(item.room);
      if (room === undefined) return [];
      const others = people.filter(({ id }) => id !== me && item.people.includes(id));
      const { state, askedBy, firstLine } = item;
      return [
        {
          room,
          people: others,
          state,
          ...(askedBy === null ? {} : { askedBy }),
          ...(firstLine === null ? {} : { firstLine }),
        },
      ];
    }),
    nextCursor,
  };
};
