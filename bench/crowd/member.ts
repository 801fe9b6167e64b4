import { Conversation } from "./conversation.ts";
import type { Dialect } from "./dialect.ts";
import { OrderCheck, type HeardFrame, readFrame, type Sequence } from "./sequence.ts";
import { openWebSocket, type WebSocketLink } from "./web-socket.ts";

/** What members tell the crowd that they are in. */
export interface CrowdPorts {
  onHeard: (frame: HeardFrame) => void;
  onAck: (number: number) => void;
  onProblem: (problem: Error) => void;
}

/** Where someone is: a room, as one gateway shows it. */
export interface Place {
  port: number;
  room: string;
  sequence: Sequence;
}

/** One client in a room, who hears what is said there. */
export class Member {
  readonly place: Place;
  readonly #dialect: Dialect;
  readonly #ports: CrowdPorts;
  #link: WebSocketLink | null = null;
  /** What is said until it is in. */
  #conversation: Conversation | null = null;
  /** The next frame of the place that it will get. */
  #next = 0;
  /** Its own order, once its frames are others than those of the place. */
  #apart: OrderCheck | null = null;
  /** Messages that came to it since the last clearing. */
  heard = 0;

  constructor(place: Place, dialect: Dialect, ports: CrowdPorts) {
    this.place = place;
    this.#dialect = dialect;
    this.#ports = ports;
  }

  get orderProblems(): number {
    return this.#apart?.problems ?? 0;
  }

  /** Connects and enters the room. Errors: when it is not let in. */
  async enter(token: string): Promise<void> {
    const conversation = new Conversation((frame) => this.#link?.send(frame));
    this.#conversation = conversation;
    this.#link = await openWebSocket({
      port: this.place.port,
      path: this.#dialect.path,
      onText: (bytes, start, end) => this.#onText(bytes, start, end),
      onClose: () => this.#ports.onProblem(new Error("A server closed a client's connection")),
    });
    await this.#dialect.enter(conversation, { token, room: this.place.room });
    this.#conversation = null;
  }

  say(message: { clientId: string; text: string; number: number }): void {
    this.#link?.send(this.#dialect.say({ room: this.place.room, ...message }));
  }

  stopReading(): void {
    this.#link?.stopReading();
  }

  leave(): void {
    this.#link?.close();
  }

  /** Begins anew with the place's cleared sequence. */
  clear(): void {
    this.#next = 0;
    this.heard = 0;
  }

  #onText(bytes: Buffer, start: number, end: number): void {
    if (this.#apart === null) {
      const frame = this.place.sequence.matching(this.#next, bytes, start, end);
      if (frame !== null) {
        this.#next += 1;
        this.#count(frame);
        return;
      }
    }
    try {
      if (startsWith(bytes, start, end, this.#dialect.messagePrefix)) {
        this.#hearAnother(bytes.toString("utf8", start, end));
      } else {
        this.#onOther(bytes, start, end);
      }
    } catch (error) {
      this.#ports.onProblem(error as Error);
    }
  }

  /** A frame that is not the one of its neighbours: a new one, or one of its own. */
  #hearAnother(text: string): void {
    const { sequence } = this.place;
    if (this.#apart === null && this.#next === sequence.frames.length) {
      this.#next += 1;
      this.#count(sequence.append(text));
      return;
    }
    this.#apart ??= new OrderCheck(sequence.frames[this.#next - 1]?.last ?? null);
    const frame = readFrame(this.#dialect, text);
    this.#apart.take(frame.batch);
    this.#count(frame);
  }

  #count(frame: HeardFrame): void {
    this.heard += frame.marks.length;
    this.#ports.onHeard(frame);
  }

  #onOther(bytes: Buffer, start: number, end: number): void {
    const frame = bytes.toString("latin1", start, end);
    const reply = this.#dialect.answer(frame);
    if (reply !== null) {
      this.#link?.send(reply);
    } else if (this.#conversation !== null) {
      this.#conversation.take(frame);
    } else {
      const acknowledged = this.#dialect.readAck(frame);
      if (acknowledged !== null) this.#ports.onAck(acknowledged);
    }
  }
}

function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i += 1) {
    if (bytes[start + i] !== prefix[i]) return false;
  }
  return true;
}
