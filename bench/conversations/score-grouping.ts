import { matchMost } from "./match-most.ts";

/** Annotated messages of one log: what people and what the grouper say each of them answers. */
export interface Grouping {
  gold: ReadonlyMap<number, readonly number[]>;
  predicted: ReadonlyMap<number, number>;
}

/** Precision, recall and their harmonic mean, in percent. */
export interface Accuracy {
  precision: number;
  recall: number;
  f: number;
}

/** The measures of Kummerfeld et al. (ACL 2019), pooled over all logs. */
export interface GroupingScore {
  messages: number;
  link: Accuracy;
  /** 100 × (1 − variation of information ÷ log2 of messages). */
  vi: number;
  /** Share of messages in the overlap when conversations are paired one to one. */
  oneToOne: number;
  /** Conversations of two messages and more that are just the same. */
  exact: Accuracy;
}

/** Scores groupings. A conversation is what links hold together; start links count as links. */
export function scoreGroupings(groupings: readonly Grouping[]): GroupingScore {
  const messages = sum(groupings.map(({ gold }) => gold.size));
  const tables = groupings.map(({ gold, predicted }) => {
    const links = new Map([...predicted].map(([id, parent]) => [id, [parent]]));
    return tabulate(componentsOf(gold), componentsOf(links));
  });
  const shared = sum(tables.map(({ cells }) => matchMost(cells)));
  return {
    messages,
    link: linkAccuracy(groupings),
    vi: variation(tables, messages),
    oneToOne: (100 * shared) / messages,
    exact: exactAccuracy(tables),
  };
}

function accuracy(right: number, predicted: number, gold: number): Accuracy {
  const precision = predicted === 0 ? 0 : (100 * right) / predicted;
  const recall = gold === 0 ? 0 : (100 * right) / gold;
  const f = right === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { precision, recall, f };
}

function linkAccuracy(groupings: readonly Grouping[]): Accuracy {
  let right = 0;
  let predictedLinks = 0;
  let goldLinks = 0;
  for (const { gold, predicted } of groupings) {
    predictedLinks += gold.size;
    for (const [id, parents] of gold) {
      const links = new Set(parents);
      goldLinks += links.size;
      if (links.has(predicted.get(id) ?? id)) right += 1;
    }
  }
  return accuracy(right, predictedLinks, goldLinks);
}

/** The conversation of each message that has links, by one that stands for it. */
function componentsOf(links: ReadonlyMap<number, readonly number[]>): Map<number, number> {
  const above = new Map<number, number>();
  const rootOf = (id: number): number => {
    const next = above.get(id) ?? id;
    if (next === id) return id;
    const root = rootOf(next);
    above.set(id, root);
    return root;
  };
  for (const [id, parents] of links)
    for (const parent of parents) above.set(rootOf(id), rootOf(parent));
  return new Map([...links.keys()].map((id) => [id, rootOf(id)]));
}

/** How many messages each gold conversation (row) shares with each predicted one (column). */
interface Table {
  cells: number[][];
  rows: number[];
  columns: number[];
}

function tabulate(gold: Map<number, number>, predicted: Map<number, number>): Table {
  const rowOf = numbered(gold.values());
  const columnOf = numbered(predicted.values());
  const cells = Array.from({ length: rowOf.size }, () => Array<number>(columnOf.size).fill(0));
  for (const [id, conversation] of gold) {
    const row = cells[rowOf.get(conversation) ?? -1];
    const column = columnOf.get(predicted.get(id) ?? Number.NaN) ?? -1;
    if (row !== undefined) row[column] = (row[column] ?? 0) + 1;
  }
  const columns = [...columnOf.values()].map((c) => sum(cells.map((row) => row[c] ?? 0)));
  return { cells, rows: cells.map((row) => sum(row)), columns };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function numbered(labels: Iterable<number>): Map<number, number> {
  return new Map([...new Set(labels)].map((label, i) => [label, i]));
}

function variation(tables: readonly Table[], messages: number): number {
  const entropy = (counts: number[]) =>
    -sum(counts.map((n) => (n === 0 ? 0 : (n / messages) * Math.log2(n / messages))));
  const joint = entropy(tables.flatMap(({ cells }) => cells.flat()));
  const ofGold = entropy(tables.flatMap(({ rows }) => rows));
  const ofPredicted = entropy(tables.flatMap(({ columns }) => columns));
  return 100 * (1 - (2 * joint - ofGold - ofPredicted) / Math.log2(messages));
}

function exactAccuracy(tables: readonly Table[]): Accuracy {
  let same = 0;
  let gold = 0;
  let predicted = 0;
  for (const { cells, rows, columns } of tables) {
    gold += several(rows);
    predicted += several(columns);
    for (const [r, row] of cells.entries()) {
      same += row.filter((n, c) => n > 1 && n === rows[r] && n === columns[c]).length;
    }
  }
  return accuracy(same, predicted, gold);
}

/** How many conversations have more than one message. */
function several(counts: readonly number[]): number {
  return counts.filter((count) => count > 1).length;
}
