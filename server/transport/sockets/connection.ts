import type { Socket } from "socket.io";

import type { RoomId } from "../../../protocol/ids.ts";
import type { Session } from "../../auth/tokens.ts";
import type { Member } from "../../feed/live-room.ts";
import type { LiveSockets } from "./live-sockets.ts";
import type { Outflow } from "./outflow.ts";

/** One connected socket: whose it is, in which rooms, and what of it must keep its order. */
export interface Connection extends Member {
  readonly socket: Socket;
  readonly ip: string;
  session: Session;
  /** Rooms in which it sits. */
  readonly rooms: Set<RoomId>;
  /** Runs jobs one after another: sends of one connection are appended in their order. */
  inOrder: <T>(job: () => Promise<T>) => Promise<T>;
  /** Jobs that wait for their turn. */
  waiting: number;
  /** Whether it was told that its session ends soon. */
  warned: boolean;
}

/** Wraps a socket whose handshake was accepted. */
export function openConnection(
  socket: Socket,
  {
    session,
    ip,
    live,
    outflow,
  }: { session: Session; ip: string; live: LiveSockets; outflow: Outflow },
): Connection {
  let tail: Promise<unknown> = Promise.resolve();
  const connection: Connection = {
    id: socket.id,
    socket,
    ip,
    session,
    get user() {
      return connection.session.user;
    },
    rooms: new Set(),
    waiting: 0,
    warned: false,
    inOrder: async (job) => {
      connection.waiting += 1;
      const turn = tail.then(job);
      tail = turn.catch(() => {});
      try {
        return await turn;
      } finally {
        connection.waiting -= 1;
      }
    },
    push: (name, data) => void socket.emit(name, data),
    goLive: (room) => live.join(room, socket),
    goQuiet: (room) => live.leave(room, socket),
    isReading: () => outflow.isReading(),
    whenReading: () => outflow.whenReading(),
  };
  return connection;
}
