import {
  type Manner,
  MANNER_BUCKETS,
  mannerBuckets,
  mannerNorm,
  mannerOf,
  manners,
} from "../../../workers/conversations/manner.ts";
import { type AnnotatedLog, goldParents } from "../annotated-log.ts";
import { seededRandom } from "./random.ts";

export type MannerWeights = Record<Manner, Float64Array>;

interface Example {
  buckets: number[];
  is: Record<Manner, boolean>;
}

const EPOCHS = 12;
const LEARNING_RATE = 0.15;
/** Pulls weights back to zero at every step. */
const DECAY = 0.001;

/** Learns what the words of a message say of its place: one logistic regression for each manner. */
export function learnManners(logs: readonly AnnotatedLog[]): MannerWeights {
  const examples = logs.flatMap(examplesOf);
  const random = seededRandom(12_345);
  const columns = manners.map((name) => [name, learnOne(examples, name, random)]);
  return Object.fromEntries(columns) as MannerWeights;
}

function examplesOf({ lines }: AnnotatedLog): Example[] {
  const byId = new Map(lines.map((line) => [line.id, line]));
  const answered = new Set<number>();
  const continued = new Set<number>();
  const annotated = lines.filter((line) => line.annotated);
  for (const line of annotated) {
    for (const parent of goldParents(line)) {
      if (parent === line.id) continue;
      (byId.get(parent)?.user === line.user ? continued : answered).add(parent);
    }
  }
  return annotated.flatMap((line) => {
    if (line.system) return [];
    const users = goldParents(line)
      .filter((parent) => parent !== line.id)
      .map((parent) => byId.get(parent)?.user);
    const is = {
      starts: users.length === 0,
      continues: users.includes(line.user),
      answers: users.some((user) => user !== line.user),
      isAnswered: answered.has(line.id),
      isContinued: continued.has(line.id),
    };
    return [{ buckets: mannerBuckets(withoutName(line.text)), is }];
  });
}

/** A text without the name that it may begin with. */
function withoutName(text: string): string {
  return text.replace(/^[<@]?\S+[>:,;]+\s+/u, "");
}

/** Adagrad; buckets that few messages fall into move little. */
function learnOne(examples: readonly Example[], name: Manner, random: () => number): Float64Array {
  const weights = new Float64Array(MANNER_BUCKETS);
  const steps = new Float64Array(MANNER_BUCKETS);
  const share = examples.filter(({ is }) => is[name]).length / examples.length;
  const base = Math.log(share / (1 - share));
  const order = [...examples];
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    shuffle(order, random);
    for (const { buckets, is } of order) {
      const likelihood = 1 / (1 + Math.exp(-(base + mannerOf(weights, buckets))));
      const slope = (likelihood - (is[name] ? 1 : 0)) / mannerNorm(buckets);
      for (const bucket of buckets) {
        const weight = weights[bucket] ?? 0;
        const gradient = slope + DECAY * weight;
        const step = (steps[bucket] ?? 0) + gradient ** 2;
        steps[bucket] = step;
        weights[bucket] = weight - (LEARNING_RATE * gradient) / Math.sqrt(step + 0.5);
      }
    }
  }
  return weights;
}

function shuffle(items: unknown[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [items[i], items[j]];
    if (a === undefined || b === undefined) continue;
    items[i] = b;
    items[j] = a;
  }
}
