import type { Socket } from "socket.io";

import { Refusal } from "../../../protocol/errors.ts";
import type { Push, PushName } from "../../../protocol/facts.ts";
import type { RoomId } from "../../../protocol/ids.ts";
import type { User } from "../../../protocol/shapes.ts";
import type { Session } from "../../auth/tokens.ts";
import type { Member } from "../../feed/live-room.ts";
import { CommandGate, type GateOptions, whoAlwaysReads } from "./command-gate.ts";
import type { LiveSockets } from "./live-sockets.ts";
import type { Held, Outflow } from "./outflow.ts";

/** What all connections of a gateway have in common. */
export interface House {
  live: LiveSockets;
  /** A connection was found not to read: its rooms have to hold it. */
  hold: (connection: Connection) => void;
}

/**
 * One connected socket: whose it is, in which rooms, and what of it must keep its order. There are very many,
 * so what they do are methods of all, not closures of each (docs/adr/0019-what-an-idle-connection-costs.md).
 */
export class Connection implements Member, Held {
  readonly socket: Socket;
  readonly ip: string;
  session: Session;
  /** Rooms in which it sits. */
  readonly rooms = new Set<RoomId>();
  /** Whether it was told that its session ends soon. */
  warned = false;
  /** False while its socket may still go before it was ever connected. */
  began = false;
  readonly #house: House;
  readonly #outflow: Outflow;
  /** Carries out all else than `ordered` does, as it reads the replies. */
  readonly unordered: CommandGate;
  #ordered: CommandGate | null = null;

  /** Wraps a socket whose handshake was accepted. */
  constructor(
    socket: Socket,
    on: { session: Session; ip: string; house: House; outflow: Outflow },
  ) {
    this.socket = socket;
    this.session = on.session;
    this.ip = on.ip;
    this.#house = on.house;
    this.#outflow = on.outflow;
    this.unordered = new CommandGate(ANSWERS, on.outflow);
    on.outflow.owner = this;
  }

  get id(): string {
    return this.socket.id;
  }

  get user(): User {
    return this.session.user;
  }

  /**
   * Carries out one after another: sends of one connection are appended in their order. Their replies are
   * small, and what someone says must not wait until they have read what others say.
   */
  get ordered(): CommandGate {
    this.#ordered ??= new CommandGate(SENDS, whoAlwaysReads);
    return this.#ordered;
  }

  push<N extends PushName>(name: N, data: Push<N>): void {
    this.socket.emit(name, data);
  }

  goLive(room: RoomId): void {
    this.#house.live.join(room, this.socket);
  }

  goQuiet(room: RoomId): void {
    this.#house.live.leave(room, this.socket);
  }

  isReading(): boolean {
    return this.#outflow.isReading();
  }

  whenReading(): Promise<void> {
    return this.#outflow.whenReading();
  }

  onHold(): void {
    this.#house.hold(this);
  }

  onResume(): void {
    this.unordered.beginNext();
  }
}

/** More than what a client sends at once after a break; who has more waiting does not read its answers. */
const MOST_WAITING = 500;

const LINE = {
  mostWaiting: MOST_WAITING,
  tooMany: () =>
    new Refusal("rate_limited", `More than ${MOST_WAITING} commands wait for their turn.`, {
      retryAfterMs: 1_000,
    }),
};

/** So many of the largest replies must fit under the hard cap of a socket, for who asks for them at once. */
const ANSWERS: GateOptions = { ...LINE, atOnce: 4 };
const SENDS: GateOptions = { ...LINE, atOnce: 1 };
