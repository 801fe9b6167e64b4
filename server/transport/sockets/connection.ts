import type { Socket } from "socket.io";

import { Refusal } from "../../../protocol/errors.ts";
import type { RoomId } from "../../../protocol/ids.ts";
import type { Session } from "../../auth/tokens.ts";
import type { Member } from "../../feed/live-room.ts";
import { CommandGate } from "./command-gate.ts";
import type { LiveSockets } from "./live-sockets.ts";
import type { Outflow } from "./outflow.ts";

/** So many of the largest replies must fit under the hard cap of a socket, for who asks for them at once. */
const REPLIES_AT_ONCE = 4;

/** More than what a client sends at once after a break; who has more waiting does not read its answers. */
const MOST_WAITING = 500;

/** One connected socket: whose it is, in which rooms, and what of it must keep its order. */
export interface Connection extends Member {
  readonly socket: Socket;
  readonly ip: string;
  session: Session;
  /** Rooms in which it sits. */
  readonly rooms: Set<RoomId>;
  /** Carries out one after another: sends of one connection are appended in their order. */
  readonly ordered: CommandGate;
  /** Carries out all else, as it reads the replies. */
  readonly unordered: CommandGate;
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
  const unordered = new CommandGate({
    ...LINE,
    atOnce: REPLIES_AT_ONCE,
    mayAnswer: () => outflow.isReading(),
  });
  outflow.onResume = () => unordered.beginNext();
  const connection: Connection = {
    id: socket.id,
    socket,
    ip,
    session,
    get user() {
      return connection.session.user;
    },
    rooms: new Set(),
    // Their replies are small, and what someone says must not wait until they have read what others say.
    ordered: new CommandGate({ ...LINE, atOnce: 1, mayAnswer: () => true }),
    unordered,
    warned: false,
    push: (name, data) => void socket.emit(name, data),
    goLive: (room) => live.join(room, socket),
    goQuiet: (room) => live.leave(room, socket),
    isReading: () => outflow.isReading(),
    whenReading: () => outflow.whenReading(),
  };
  return connection;
}

const LINE = {
  mostWaiting: MOST_WAITING,
  tooMany: () =>
    new Refusal("rate_limited", `More than ${MOST_WAITING} commands wait for their turn.`, {
      retryAfterMs: 1_000,
    }),
};
