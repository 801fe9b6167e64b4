import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import { type Handle, handleOf, sendable, socketOn } from "./handle.ts";
import { type FromGateway, NAME_VARIABLE, type ToGateway, type Upgrade } from "./messages.ts";

/** The other gateways that share a port with this one, and how things get to them. */
export interface Siblings {
  /** This one's own name. */
  readonly name: string;
  /** Tells where this one takes what others pass on; resolves when they have been told. */
  join: (privatePort: number) => Promise<void>;
  /** The private ports of the others. */
  others: () => number[];
  /** Whose name this is, if it is another's who lives. */
  find: (name: string) => Sibling | null;
  /** Takes the connections of the port that are this one's, and those that others hand over. */
  onConnection: (take: TakeConnection) => void;
  onUpgrade: (take: TakeUpgrade) => void;
  /** Tells that this one takes no more connections. */
  leave: () => void;
}

type TakeConnection = (socket: Socket) => void;
type TakeUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** Another gateway of the same port. */
export interface Sibling {
  privatePort: number;
  /** Hands it a connection that asks to become a WebSocket; nothing of it is left here. */
  handOver: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
}

/** The siblings of this process; null when it is the only gateway of its port. */
export function findSiblings(env: NodeJS.ProcessEnv): Siblings | null {
  const name = env[NAME_VARIABLE];
  if (name === undefined) return null;
  const privatePorts = new Map<string, number>();
  let onJoined: (() => void) | null = null;
  let takeConnection: TakeConnection | null = null;
  let takeUpgrade: TakeUpgrade | null = null;

  process.on("message", (message: ToGateway, handle: unknown) => {
    const connection = handle as Handle | undefined;
    switch (message.type) {
      case "siblings":
        privatePorts.clear();
        for (const [each, port] of Object.entries(message.privatePorts)) {
          privatePorts.set(each, port);
        }
        if (privatePorts.has(name)) onJoined?.();
        break;
      case "connection":
        tell({ type: "took" });
        // One that was closed on its way does not arrive.
        if (connection !== undefined) takeConnection?.(socketOn(connection));
        break;
      case "upgrade":
        if (connection !== undefined) takeUpgrade?.(...revive(message.upgrade, connection));
        break;
    }
  });

  return {
    name,
    join: (privatePort) =>
      new Promise((resolve) => {
        onJoined = resolve;
        tell({ type: "joins", privatePort });
      }),
    others: () => [...privatePorts].flatMap(([each, port]) => (each === name ? [] : [port])),
    find: (wanted) => {
      const privatePort = privatePorts.get(wanted);
      if (wanted === name || privatePort === undefined) return null;
      const handOver: Sibling["handOver"] = (request, socket, head) => {
        const handle = handleOf(socket);
        // Its client has gone.
        if (handle === null) return void socket.destroy();
        // What the client says from here on is the sibling's to read.
        handle.readStop();
        const upgrade = pack(request, head);
        tell({ type: "upgrade", to: wanted, upgrade }, { handle, sent: () => socket.destroy() });
      };
      return { privatePort, handOver };
    },
    onConnection: (take) => {
      takeConnection = take;
    },
    onUpgrade: (take) => {
      takeUpgrade = take;
    },
    leave: () => tell({ type: "leaves" }),
  };
}

function tell(message: FromGateway, along?: { handle: Handle; sent: () => void }): void {
  const sent = along?.sent ?? (() => {});
  // Whoever runs us may have been killed; then there is nobody to tell.
  if (process.connected) process.send?.(message, sendable(along?.handle), {}, sent);
  else sent();
}

function pack({ method = "", url = "", headers }: IncomingMessage, head: Buffer): Upgrade {
  return { method, url, headers, head: head.toString("base64") };
}

function revive(upgrade: Upgrade, handle: Handle): [IncomingMessage, Socket, Buffer] {
  const { method, url, headers } = upgrade;
  const socket = socketOn(handle);
  const request = Object.assign(new IncomingMessage(socket), { method, url, headers });
  return [request, socket, Buffer.from(upgrade.head, "base64")];
}
