import type { Socket as TcpSocket } from "node:net";

import type { Socket } from "socket.io";
import type { WebSocket } from "ws";

/**
 * Writes a whole WebSocket frame to a client, if nothing that it was sent before waits in Engine.IO: what
 * does must not be overtaken. False when it was not written: for clients that poll, too.
 */
export function writeFrame(wire: Socket["conn"], frame: Buffer): boolean {
  if (wire.readyState !== "open") return false;
  const { name, writable, socket } = wire.transport as unknown as Transport;
  // Engine.IO hands all it has to a transport as soon as that is writable: then its buffer is empty.
  if (name !== "websocket" || !writable || socket === undefined) return false;
  const { readyState, OPEN, _socket: tcp } = socket;
  if (readyState !== OPEN || tcp === null || tcp === undefined) return false;
  tcp.write(frame);
  return true;
}

/** What is read of Engine.IO's WebSocket transport, and of ws, beyond their types. */
interface Transport {
  name: string;
  writable: boolean;
  socket?: WebSocket & { _socket?: TcpSocket | null };
}
