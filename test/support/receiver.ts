import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What came to a receiver. */
export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A host's server that takes webhooks. */
export interface Receiver {
  url: string;
  received: Received[];
  /** What it answers from now on: a status, or null for no answer at all. */
  answer: (status: number | null) => void;
  close: () => Promise<void>;
}

/** Starts a receiver that answers 204. */
export async function openReceiver(): Promise<Receiver> {
  let status: number | null = 204;
  const received: Received[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    received.push({ headers: request.headers, body });
    if (status === 302) response.setHeader("Location", "/elsewhere");
    if (status === null) response.destroy();
    else response.writeHead(status).end();
  };
  const server = createServer((request, response) => {
    // Whoever sends and is killed halfway is no concern of this test's.
    take(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/eddy`,
    received,
    answer: (next) => {
      status = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
