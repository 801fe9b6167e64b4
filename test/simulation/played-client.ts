import { createClient, type ClientOptions } from "../../client/client.ts";
import type { TransportEvents } from "../../client/transport.ts";
import { ada } from "./happenings.ts";
import { virtualClock } from "./virtual-clock.ts";

/** A time for facts of which it does not matter. */
export const AT = "2024-01-01T00:00:00.000Z";

interface Asked {
  name: string;
  input: unknown;
  answer: (reply: unknown) => void;
}

/** A client whose connection is ours to play: nothing is answered unless we do. */
export function playedClient(options: Partial<ClientOptions> = {}) {
  const clock = virtualClock();
  const asked: Asked[] = [];
  const fetched: { url: string; method: string | undefined; token: string | null }[] = [];
  let events: TransportEvents | undefined;
  let token: string | null = null;
  const client = createClient({
    url: "http://eddy.example",
    token: "token",
    user: ada,
    clock,
    random: () => 0.5,
    transport: {
      open(withToken, theirs) {
        token = withToken;
        events = theirs;
        return {
          request: (name, input, answer) => void asked.push({ name, input, answer }),
          close: () => {},
        };
      },
    },
    fetch: (target, init) => {
      const headers = new Headers(init?.headers);
      fetched.push({
        url: urlOf(target),
        method: init?.method,
        token: headers.get("authorization"),
      });
      return Promise.resolve(Response.json({ id: ada.id, name: ada.name, kind: "guest" }));
    },
    ...options,
  });
  const on = () => {
    if (events === undefined) throw new Error("Nothing was opened");
    return events;
  };
  const pass = (ms: number) => {
    const until = clock.now() + ms;
    while (clock.tick(until));
  };
  /** The newest command of a name. */
  const newest = (name: string) => {
    const found = asked.findLast((one) => one.name === name);
    if (found === undefined) throw new Error(`Nobody asked for ${name}`);
    return found;
  };
  return { client, asked, fetched, on, pass, newest, tokenUsed: () => token };
}

/** The address that a fetch is for. */
export const urlOf = (target: string | URL | Request) =>
  target instanceof Request ? target.url : String(target);
