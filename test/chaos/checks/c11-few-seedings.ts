import type { Check } from "./check.ts";

/** C11: a room's log is given a new generation at most once for each loss of Redis, and once at first. */
export const fewSeedings: Check = (history) => {
  const losses = history.of("fault").filter(({ losesRedis }) => losesRedis).length;
  return history.of("kept").flatMap(({ room, epochs }) => {
    const seedings = epochs.filter(({ seeded }) => seeded).length;
    return seedings <= losses + 1
      ? []
      : [`${room} was seeded ${seedings} times for ${losses} losses of Redis`];
  });
};
