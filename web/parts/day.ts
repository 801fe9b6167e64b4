/** A value that is equal for two times of the same day here. */
export function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}
