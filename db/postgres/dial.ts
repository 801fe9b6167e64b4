import { connect, type Socket } from "node:net";

/** Where to connect, as postgres.js has read it from the URL. */
interface Address {
  host: string[];
  port: number[];
  path?: string | false | undefined;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Opens TCP connections for postgres.js that end when they were asked something and stay silent. A query
 * on a line that swallows everything would else wait until the kernel gives up, a quarter of an hour
 * later, and with it all who wait for its connection. Until it stands, `connect_timeout` bounds it.
 */
export function dial(silentMs: number) {
  let turn = 0;
  return ({ host, port, path }: Address): Socket => {
    // Where a URL names several servers, each in its turn.
    const name = host[turn % host.length] ?? "localhost";
    const number = port[turn % port.length] ?? 5432;
    turn += 1;
    const socket = typeof path === "string" ? connect(path) : connect(number, name);
    // The library reads them for the name in the server's certificate, and for its errors.
    Object.assign(socket, { host: name, port: number });
    endWhenSilent(socket, silentMs);
    return socket;
  };
}

function endWhenSilent(socket: Socket, silentMs: number): void {
  let heard = { read: 0, written: 0 };
  let silentFor = 0;
  // Looks are counted, not time: a process that was paused finds answers waiting when it wakes up.
  const timer = setInterval(() => {
    const { bytesRead, bytesWritten } = socket;
    if (bytesRead !== heard.read || bytesWritten === heard.written) {
      heard = { read: bytesRead, written: bytesWritten };
      silentFor = 0;
      return;
    }
    silentFor += LOOK_EVERY_MS;
    if (silentFor < silentMs) return;
    socket.destroy(
      Object.assign(new Error("Postgres does not answer"), { code: "ETIMEDOUT" as const }),
    );
  }, LOOK_EVERY_MS);
  timer.unref();
  socket.once("close", () => clearInterval(timer));
}
