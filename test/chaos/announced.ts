import type { History } from "./history.ts";

/** A place in a room's log, as it was told. */
interface Place {
  room: string;
  epoch: number;
  seq: number;
}

/**
 * Whether what stood at a place may be gone: a later epoch found it lost, and somebody was told so, by
 * `room.reset` with its range, or by coming back with a cursor of that older epoch.
 */
export function announcedLost(history: History): (place: Place) => boolean {
  const epochs = new Map(history.of("kept").map((kept) => [kept.room, kept.epochs]));
  const ranges = distinct(
    history.of("lost").map(({ room, epoch, from, to }) => ({ room, epoch, from, to })),
  );
  const returns = distinct(
    history
      .of("enter")
      .flatMap(({ room, since, epoch, resetTo }) =>
        since === null || resetTo === undefined || since.epoch >= epoch
          ? []
          : [{ room, from: since.epoch, to: epoch }],
      ),
  );
  return ({ room, epoch, seq }) => {
    const isLost = (epochs.get(room) ?? []).some(
      (later) => later.epoch > epoch && seq > later.previousEnd && seq <= later.base,
    );
    if (!isLost) return false;
    return (
      ranges.some(
        (one) => one.room === room && one.epoch > epoch && seq >= one.from && seq <= one.to,
      ) || returns.some((one) => one.room === room && one.from >= epoch && one.to > epoch)
    );
  };
}

/** Everyone is told the same: once is enough. */
function distinct<T>(all: T[]): T[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
