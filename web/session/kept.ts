import type { OutboxStorage } from "../../client/index.ts";

/** What this browser keeps for us. Where storage is switched off, nothing is kept, and all works. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the type
export function readKept<T>(key: string): T | null {
  try {
    const text = localStorage.getItem(PREFIX + key);
    // Only this page writes under its prefix.
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

/** Keeps a value under a key; null forgets it. */
export function keep(key: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Full or switched off: what is not kept is asked for again.
  }
}

/** Where unsent messages outlive the page. */
export const outboxStorage: OutboxStorage = {
  get: (key) => localStorage.getItem(key),
  set(key, value) {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  },
};

const PREFIX = "eddy:";
