import { useEffect, useRef, useState } from "preact/hooks";

import { sentenceOf } from "../session/refusal.ts";

/** What the server said to a question, and how to ask again. */
export interface Answer<T> {
  /** Null before the first answer. */
  value: T | null;
  problem: string;
  again: () => Promise<void>;
}

/** Asks when it is first shown, and again when one of `when` has changed; the latest question counts. */
export function useAnswer<T>(question: () => Promise<T>, when: readonly unknown[]): Answer<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState("");
  const latest = useRef(0);
  const again = async () => {
    const mine = (latest.current += 1);
    try {
      const answer = await question();
      if (mine !== latest.current) return;
      setValue(answer);
      setProblem("");
    } catch (error) {
      if (mine === latest.current) setProblem(sentenceOf(error));
    }
  };
  useEffect(() => {
    void again();
    return () => void (latest.current += 1);
  }, when);
  return { value, problem, again };
}

/** Does things one at a time; what goes wrong is a sentence. */
export function useDoing(): {
  busy: boolean;
  problem: string;
  /** True when it was done. */
  attempt: (doing: () => Promise<unknown>) => Promise<boolean>;
} {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const attempt = async (doing: () => Promise<unknown>) => {
    setBusy(true);
    setProblem("");
    try {
      await doing();
      return true;
    } catch (error) {
      setProblem(sentenceOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, attempt };
}
