import type { History } from "../history.ts";

/** One promise, checked over a whole history: what is wrong, a sentence each. Nothing when it holds. */
export type Check = (history: History) => string[];
