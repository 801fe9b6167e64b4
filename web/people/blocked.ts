import { effect, signal } from "@preact/signals";

import { ask } from "../session/ask.ts";
import { client } from "../session/session.ts";

/** Of whom I want to see nothing, by id. */
export const blocked = signal<ReadonlySet<string>>(new Set());

/** Reads anew whom I block; when it cannot be read, what is known stays. */
export async function readBlocked(): Promise<void> {
  try {
    const { items } = await ask("block:list", { limit: 200 });
    blocked.value = new Set(items.map(({ user }) => user.id));
  } catch {
    // Their words are shown until then, as they are to everyone.
  }
}

effect(() => {
  if (client.value === null) blocked.value = new Set();
  else void readBlocked();
});
