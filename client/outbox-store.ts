import { ErrorReply } from "../protocol/errors.ts";
import { atItsWord } from "./at-its-word.ts";
import type { Send } from "./send.ts";

/** Where unsent messages outlive a page. `null` as a value removes the key. */
export interface OutboxStorage {
  get(key: string): string | null | Promise<string | null>;
  set(key: string, value: string | null): void | Promise<void>;
}

/** The kept outbox of one room and one person. */
export interface OutboxStore {
  /** What an earlier page left behind. */
  load(): readonly Send[] | Promise<readonly Send[]>;
  /** Keeps these, and forgets those that were kept by us and are not among them. */
  save(entries: readonly Send[]): void;
}

/**
 * Keeps an outbox under one key.
 *
 * Two tabs of the same person share that key, so each save leaves alone what it has never seen: it
 * is the other tab's. Both may send what a third left behind; it has one clientId, so it is one
 * message (G4). With an asynchronous storage, two tabs that save in the same moment may still
 * forget one another's.
 */
export function outboxStore(
  storage: OutboxStorage,
  key: string,
  onError: (error: unknown) => void,
): OutboxStore {
  const known = new Set<string>();
  let busy: Promise<void> | null = null;

  const merge = (kept: string | null, entries: readonly Send[]): string | null => {
    const others = parse(kept).filter(({ clientId }) => !known.has(clientId));
    const all = [...others, ...entries];
    return all.length === 0 ? null : JSON.stringify(all);
  };
  const learn = (sends: readonly Send[]) => {
    for (const { clientId } of sends) known.add(clientId);
    return sends;
  };

  return {
    load() {
      try {
        const kept = storage.get(key);
        if (!isPromise(kept)) return learn(parse(kept));
        return kept.then(
          (value) => learn(parse(value)),
          (error: unknown) => {
            onError(error);
            return [];
          },
        );
      } catch (error) {
        // Storage may be switched off or full: then messages live as long as the page.
        onError(error);
        return [];
      }
    },
    save(entries) {
      learn(entries);
      try {
        const kept = busy === null ? storage.get(key) : busy.then(() => storage.get(key));
        if (!isPromise(kept)) {
          const done = storage.set(key, merge(kept, entries));
          if (isPromise(done)) busy = done.catch(onError);
          return;
        }
        // One at a time, or an older save could overwrite a newer one.
        busy = kept.then((value) => storage.set(key, merge(value, entries))).catch(onError);
      } catch (error) {
        onError(error);
      }
    },
  };
}

function parse(kept: string | null): Send[] {
  if (kept === null) return [];
  try {
    const value: unknown = JSON.parse(kept);
    return Array.isArray(value) ? value.filter(isSend) : [];
  } catch {
    // Someone else's words under our key: nothing that could be sent.
    return [];
  }
}

const STATES: readonly unknown[] = ["queued", "sent", "accepted", "failed"];

function isSend(value: unknown): value is Send {
  if (typeof value !== "object" || value === null) return false;
  const send = atItsWord<Record<string, unknown>>(value);
  return (
    typeof send["clientId"] === "string" &&
    typeof send["text"] === "string" &&
    typeof send["attempt"] === "number" &&
    typeof send["inDoubt"] === "boolean" &&
    STATES.includes(send["state"]) &&
    (send["replyTo"] === undefined || typeof send["replyTo"] === "number") &&
    (send["state"] !== "accepted" || isPlace(send["place"])) &&
    (send["state"] !== "failed" || ErrorReply.safeParse(send["error"]).success)
  );
}

function isPlace(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { epoch, seq } = atItsWord<Record<string, unknown>>(value);
  return typeof epoch === "number" && typeof seq === "number";
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise;
}
