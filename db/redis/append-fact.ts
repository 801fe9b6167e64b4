import type { RoomId } from "../../protocol/ids.ts";
import { type AppendRequest, type AppendResult, appendFacts } from "./append-facts.ts";
import type { RedisLink } from "./connection.ts";

/** Facts in one call: so few that Redis is held up for a millisecond at most. */
const MOST_FACTS = 64;

/**
 * Appends one fact, together with all others that this turn of the event loop asks for: most of what an
 * append costs is the call. Order holds: what is asked for first in a room is appended first.
 * Errors: those of Redis, `unavailable` while it is away.
 */
export function appendFact(link: RedisLink, request: AppendRequest): Promise<AppendResult> {
  let turn = turns.get(link);
  if (turn === undefined) {
    turn = new Turn(link);
    turns.set(link, turn);
  }
  return turn.append(request);
}

const turns = new WeakMap<RedisLink, Turn>();

interface Waiting {
  request: AppendRequest;
  resolve: (result: AppendResult) => void;
  reject: (error: unknown) => void;
}

/** The appends of one connection that wait for the end of the turn. */
class Turn {
  readonly #link: RedisLink;
  #waiting: Waiting[] = [];

  constructor(link: RedisLink) {
    this.#link = link;
  }

  append(request: AppendRequest): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      // After all that this poll of the sockets brings: a microtask would come after each of them.
      if (this.#waiting.length === 0) setImmediate(() => this.#send());
      this.#waiting.push({ request, resolve, reject });
    });
  }

  #send(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < all.length; from += MOST_FACTS) {
      void sendTogether(this.#link, all.slice(from, from + MOST_FACTS));
    }
  }
}

async function sendTogether(link: RedisLink, some: Waiting[]): Promise<void> {
  const rooms = new Map<RoomId, Waiting[]>();
  for (const one of some) {
    const { room } = one.request;
    const sofar = rooms.get(room);
    if (sofar === undefined) rooms.set(room, [one]);
    else sofar.push(one);
  }
  const inOrder = [...rooms.values()].flat();
  try {
    const results = await appendFacts(
      link,
      inOrder.map(({ request }) => request),
    );
    for (const [i, { resolve, reject }] of inOrder.entries()) {
      const result = results[i] ?? new Error("append.lua left a fact without an answer");
      if (result instanceof Error) reject(result);
      else resolve(result);
    }
  } catch (error) {
    for (const { reject } of inOrder) reject(error);
  }
}
