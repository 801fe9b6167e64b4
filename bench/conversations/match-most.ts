/**
 * The greatest sum of cells of which no two share a row or a column (the Hungarian algorithm, with
 * potentials; rows × columns × the smaller of them).
 */
export function matchMost(cells: readonly (readonly number[])[]): number {
  const width = cells[0]?.length ?? 0;
  if (cells.length > width) return matchMost(transpose(cells, width));
  const matching = new Matching(cells, width);
  for (let row = 0; row < cells.length; row += 1) matching.add(row);
  return matching.sum();
}

function transpose(cells: readonly (readonly number[])[], width: number): number[][] {
  return Array.from({ length: width }, (_, column) => cells.map((row) => row[column] ?? 0));
}

const NONE = -1;

class Matching {
  readonly #cells: readonly (readonly number[])[];
  readonly #width: number;
  readonly #rowPrice: number[];
  readonly #columnPrice: number[];
  /** The row that has each column. */
  readonly #rowOf: number[];

  constructor(cells: readonly (readonly number[])[], width: number) {
    this.#cells = cells;
    this.#width = width;
    this.#rowPrice = cells.map(() => 0);
    this.#columnPrice = Array<number>(width).fill(0);
    this.#rowOf = Array<number>(width).fill(NONE);
  }

  /** Gives a row its column, moving others along the cheapest path to one that is free. */
  add(first: number): void {
    const slack = Array<number>(this.#width).fill(Infinity);
    const cameFrom = Array<number>(this.#width).fill(NONE);
    const visited = new Set<number>();
    let row = first;
    let column = NONE;
    do {
      const next = this.#nearest({ row, column, slack, cameFrom, visited });
      this.#shift({ first, by: slack[next] ?? 0, slack, visited });
      visited.add(next);
      column = next;
      row = this.#rowOf[next] ?? NONE;
    } while (row !== NONE);
    while (column !== NONE) {
      const before = cameFrom[column] ?? NONE;
      this.#rowOf[column] = before === NONE ? first : (this.#rowOf[before] ?? first);
      column = before;
    }
  }

  sum(): number {
    return this.#rowOf.reduce((sum, row, column) => sum + (this.#cells[row]?.[column] ?? 0), 0);
  }

  #nearest(step: {
    row: number;
    column: number;
    slack: number[];
    cameFrom: number[];
    visited: Set<number>;
  }): number {
    const { row, column, slack, cameFrom, visited } = step;
    let nearest = NONE;
    for (let c = 0; c < this.#width; c += 1) {
      if (visited.has(c)) continue;
      const price = (this.#rowPrice[row] ?? 0) + (this.#columnPrice[c] ?? 0);
      const cost = -(this.#cells[row]?.[c] ?? 0) - price;
      if (cost < (slack[c] ?? Infinity)) {
        slack[c] = cost;
        cameFrom[c] = column;
      }
      if (nearest === NONE || (slack[c] ?? 0) < (slack[nearest] ?? 0)) nearest = c;
    }
    return nearest;
  }

  #shift(step: { first: number; by: number; slack: number[]; visited: Set<number> }): void {
    const { first, by, slack, visited } = step;
    this.#rowPrice[first] = (this.#rowPrice[first] ?? 0) + by;
    for (let c = 0; c < this.#width; c += 1) {
      if (!visited.has(c)) {
        slack[c] = (slack[c] ?? 0) - by;
        continue;
      }
      const row = this.#rowOf[c] ?? NONE;
      this.#rowPrice[row] = (this.#rowPrice[row] ?? 0) + by;
      this.#columnPrice[c] = (this.#columnPrice[c] ?? 0) - by;
    }
  }
}
