import { setTimeout } from "node:timers/promises";

/**
 * Answers many who ask for the same kind of thing, in the order in which they asked. An answer may be a
 * promise of its own: nobody else waits for it, nor fails with it.
 */
export type AnswerAll<Key, Ask, Answer> = (
  key: Key,
  asks: Ask[],
) => Promise<readonly (Answer | Promise<Answer>)[]>;

/** Asks of one call at most. */
const MOST_AT_ONCE = 1_000;
/** After a call the next one waits this long for each who asked, so that a crowd comes together. */
const REST_MS_PER_ASK = 0.1;
/** Nobody waits longer than this for the sake of others. */
const LONGEST_REST_MS = 25;
/** Shorter rests are not worth a timer. */
const SHORTEST_REST_MS = 1;

/**
 * Turns what many ask at nearly the same time into few calls: those of one turn of the event loop go
 * together, and while a call is under way, the next one gathers. Nobody joins a call that has begun,
 * so everyone is told what was true when they asked, or later (G9). Who comes alone does not wait.
 *
 * Asks of different keys do not wait for one another. A call that fails fails for all who are in it.
 */
export function gatherBy<Key, Ask, Answer>(
  answerAll: AnswerAll<Key, Ask, Answer>,
): (key: Key, ask: Ask) => Promise<Answer> {
  const waiting = new Map<Key, Waiting<Ask, Answer>[]>();

  const run = async (key: Key, queue: Waiting<Ask, Answer>[]) => {
    while (queue.length > 0) {
      const batch = queue.splice(0, MOST_AT_ONCE);
      await settle(batch, (asks) => answerAll(key, asks));
      const restMs = Math.min(LONGEST_REST_MS, batch.length * REST_MS_PER_ASK);
      if (restMs >= SHORTEST_REST_MS) await setTimeout(restMs);
    }
    waiting.delete(key);
  };

  return async (key, ask) =>
    new Promise<Answer>((resolve, reject) => {
      const one = { ask, resolve, reject };
      const queue = waiting.get(key);
      if (queue !== undefined) {
        queue.push(one);
        return;
      }
      const begun = [one];
      waiting.set(key, begun);
      setImmediate(() => void run(key, begun));
    });
}

/** As `gatherBy`, where there is but one key. */
export function gather<Ask, Answer>(
  answerAll: (asks: Ask[]) => ReturnType<AnswerAll<null, Ask, Answer>>,
): (ask: Ask) => Promise<Answer> {
  const ask = gatherBy<null, Ask, Answer>((_key, asks) => answerAll(asks));
  return (one) => ask(null, one);
}

interface Waiting<Ask, Answer> {
  ask: Ask;
  resolve: (answer: Answer | Promise<Answer>) => void;
  reject: (error: unknown) => void;
}

async function settle<Ask, Answer>(
  batch: Waiting<Ask, Answer>[],
  answerAll: (asks: Ask[]) => ReturnType<AnswerAll<null, Ask, Answer>>,
): Promise<void> {
  try {
    const answers = await answerAll(batch.map(({ ask }) => ask));
    for (const [i, { resolve }] of batch.entries()) resolve(answers[i] as Answer);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
