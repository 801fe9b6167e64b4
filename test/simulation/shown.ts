import type { RoomView } from "../../client/view-model.ts";

/** A view without what depends on the way that it was reached. */
export function shown(view: RoomView): unknown {
  const { journal: _, doubted: __, ...rest } = view;
  return rest;
}
