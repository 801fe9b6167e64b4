import { createServer, type Server, Socket } from "node:net";

/** A TCP connection to a store that can be made to stall: what was asked arrives, answers wait. */
export interface SlowLink {
  /** The store's URL, through this link. */
  url: string;
  /** From now on answers wait. With a pattern: those of the connection that asks what fits it. */
  stall: (whenAsked?: RegExp) => void;
  /** All that waits. */
  waiting: () => string;
  /** Answers arrive again, those that waited first. */
  flow: () => void;
  close: () => Promise<void>;
}

/** Opens a link to a store that holds answers back when told to. */
export async function openSlowLink(target: string): Promise<SlowLink> {
  const { hostname, port } = new URL(target);
  let trap: RegExp | null = null;
  const stalled = new Set<Socket>();
  const held: { client: Socket; chunk: Buffer }[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const store = new Socket().connect(Number(port), hostname);
    for (const socket of [client, store]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        store.destroy();
      });
    }
    client.on("data", (chunk) => {
      if (trap?.test(chunk.toString("latin1")) === true) stalled.add(client);
      store.write(chunk);
    });
    store.on("data", (chunk) => {
      if (stalled.has(client)) held.push({ client, chunk });
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The link has no port");
  const url = new URL(target);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.href,
    stall: (whenAsked) => {
      trap = whenAsked ?? /(?:)/u;
    },
    waiting: () => held.map(({ chunk }) => chunk.toString()).join(""),
    flow: () => {
      stalled.clear();
      trap = null;
      for (const { client, chunk } of held.splice(0)) client.write(chunk);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
