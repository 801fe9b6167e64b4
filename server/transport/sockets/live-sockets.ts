import type { Server, Socket } from "socket.io";

import type { Push, PushName } from "../../../protocol/facts.ts";
import type { RoomId } from "../../../protocol/ids.ts";
import { textFrame } from "./text-frame.ts";
import { FrameWriter } from "./write-frame.ts";

/**
 * Who is live in which room on this gateway. An event for a room is encoded and framed once, and the
 * frame goes to each socket past Socket.IO and Engine.IO, whose packets, buffers and events cost as much
 * again as the system call (docs/adr/0015-one-write-per-socket.md). What arrives is plain Socket.IO.
 */
export class LiveSockets {
  readonly #io: Server;
  readonly #rooms = new Map<RoomId, Map<Socket, FrameWriter>>();

  constructor(io: Server) {
    this.#io = io;
  }

  join(room: RoomId, socket: Socket): void {
    const sockets = this.#rooms.get(room);
    const writer = new FrameWriter(socket.conn);
    if (sockets === undefined) this.#rooms.set(room, new Map([[socket, writer]]));
    else if (!sockets.has(socket)) sockets.set(socket, writer);
  }

  leave(room: RoomId, socket: Socket): void {
    const sockets = this.#rooms.get(room);
    if (sockets === undefined) return;
    sockets.delete(socket);
    if (sockets.size === 0) this.#rooms.delete(room);
  }

  /** Sends an event to everyone live in a room, in order with all else that they are sent. */
  emit<N extends PushName>(room: RoomId, name: N, data: Push<N>): void {
    const sockets = this.#rooms.get(room);
    if (sockets === undefined) return;
    const frame = textFrame(eventPacket(name, data));
    const others: string[] = [];
    // An iterator would make an array for each socket.
    sockets.forEach((writer, socket) => {
      if (!writer.write(frame)) others.push(socket.id);
    });
    if (others.length > 0) this.#io.local.to(others).emit(name, data);
  }
}

/**
 * An event of the main namespace: Engine.IO's 4 (message), Socket.IO's 2 (EVENT), the arguments.
 * https://socket.io/docs/v4/socket-io-protocol/
 */
function eventPacket(name: string, data: object): string {
  return `42${JSON.stringify([name, data])}`;
}
