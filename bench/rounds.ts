/** One of the ways that are compared. */
export interface Way<T> {
  name: string;
  measure: () => Promise<T>;
}

/**
 * Measures every way once a round: A B, B A, A B, … What drifts (other work on the machine, warming
 * up) then hits all ways alike, and none is always the one that comes after a certain other.
 */
export async function interleave<T>(
  ways: readonly Way<T>[],
  options: { rounds: number; onMeasured: (line: string, found: T) => void },
): Promise<Map<string, T[]>> {
  const found = new Map<string, T[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round += 1) {
    const order = round % 2 === 0 ? ways : ways.toReversed();
    for (const { name, measure } of order) {
      const leg = await measure();
      found.get(name)?.push(leg);
      options.onMeasured(`round ${round + 1}/${options.rounds}, ${name}`, leg);
    }
  }
  return found;
}
