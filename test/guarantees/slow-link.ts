import { createServer, type Server, Socket } from "node:net";

/** A TCP connection to a store that can be made to stall: what was asked arrives, answers wait. */
export interface SlowLink {
  /** The store's URL, through this link. */
  url: string;
  /** From now on answers wait. */
  stall: () => void;
  /** How many bytes of answers wait. */
  waiting: () => number;
  /** Answers arrive again, those that waited first. */
  flow: () => void;
  close: () => Promise<void>;
}

/** Opens a link to a store that holds answers back when told to. */
export async function openSlowLink(target: string): Promise<SlowLink> {
  const { hostname, port } = new URL(target);
  let stalled = false;
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
    client.on("data", (chunk) => void store.write(chunk));
    store.on("data", (chunk) => {
      if (stalled) held.push({ client, chunk });
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
    stall: () => {
      stalled = true;
    },
    waiting: () => held.reduce((sum, { chunk }) => sum + chunk.length, 0),
    flow: () => {
      stalled = false;
      for (const { client, chunk } of held.splice(0)) client.write(chunk);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
