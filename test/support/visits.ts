import { Agent, get } from "node:http";

import { clientOver, POLLING, type Way, WEBSOCKET } from "./ways-to-connect.ts";

/** How it went for those who came. */
export interface Visits {
  /** Whoever was sent away. */
  failures: string[];
  /** How often somebody had to try once more. */
  repeats: number;
}

/** Comes again and again until it is ended, over new connections and over kept ones. */
export function keepVisiting(to: { url: string; token: string }): { end: () => Promise<Visits> } {
  const visits: Visits = { failures: [], repeats: 0 };
  const over = new AbortController();
  const keep = async (come: () => Promise<void>) => {
    while (!over.signal.aborted) await come();
  };
  const ask = async () => {
    const { status } = await fetch(`${to.url}/readyz`);
    if (status !== 200) visits.failures.push(`readyz: ${status}`);
  };
  const enter = (way: Way) => async () => {
    const socket = clientOver(way, { ...to, reconnection: true });
    socket.io.on("reconnect_attempt", () => void (visits.repeats += 1));
    // A stock client tries again by itself when it is cut off, but not when it is refused.
    socket.on("connect_error", (error: Error & { data?: unknown }) => {
      if (error.data === undefined) return;
      visits.failures.push(`${way.transports.join(", ")}: ${error.message}`);
      socket.connect();
    });
    await new Promise<void>((resolve) => void socket.once("connect", resolve));
    socket.disconnect();
  };
  const agent = new Agent({ keepAlive: true });
  const ways = [WEBSOCKET, { ...WEBSOCKET, agent }, { ...POLLING, agent }];
  const visiting = [keep(ask), ...ways.map((way) => keep(enter(way)))];
  return {
    end: async () => {
      over.abort();
      await Promise.all(visiting);
      agent.destroy();
      return visits;
    },
  };
}

/** Asks, over a connection of its own if not told otherwise; answers the status. Errors: when there is no answer. */
export function visit(url: string, agent: Agent | false = false): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, timeout: 15_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once("timeout", () => request.destroy(new Error("Nobody answered")));
    request.once("error", reject);
  });
}
