import type { Socket as TcpSocket } from "node:net";

import type { Socket } from "socket.io";
import type { WebSocket } from "ws";

/**
 * The way to a client past Engine.IO. What a write has to look at is found once, and is little: with many
 * sockets none of it is in the processor's caches, and each object on the way costs as much as a
 * tenth of the system call.
 */
export class FrameWriter {
  readonly #wire: Socket["conn"];
  /** Found once it is a WebSocket: then it stays one. */
  #way: { transport: Transport; tcp: TcpSocket } | null = null;

  constructor(wire: Socket["conn"]) {
    this.#wire = wire;
  }

  /**
   * Writes a whole WebSocket frame, if nothing that the client was sent before waits in Engine.IO: what
   * does must not be overtaken. False when it was not written: to clients that poll, too.
   */
  write(frame: Buffer): boolean {
    const way = (this.#way ??= wayTo(this.#wire));
    if (way === null) return false;
    const { transport, tcp } = way;
    // Engine.IO hands all it has to a transport as soon as that is writable: then its buffer is empty.
    if (!transport.writable || transport.readyState !== "open" || !tcp.writable) return false;
    tcp.write(frame);
    return true;
  }
}

/** What is read of Engine.IO's WebSocket transport, and of ws, beyond their types. */
interface Transport {
  name: string;
  readyState: string;
  writable: boolean;
  socket?: WebSocket & { _socket?: TcpSocket | null };
}

function wayTo(wire: Socket["conn"]): { transport: Transport; tcp: TcpSocket } | null {
  const transport = wire.transport as unknown as Transport;
  if (transport.name !== "websocket") return null;
  const { _socket: tcp = null } = transport.socket ?? {};
  return tcp === null ? null : { transport, tcp };
}
