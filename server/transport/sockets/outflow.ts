import type { Socket } from "socket.io";
import type { WebSocket } from "ws";

import { judge, type Lag, type UnreadCaps, type Verdict } from "../../feed/lag.ts";

/** The Engine.IO socket below a connection. */
export type Wire = Socket["conn"];

/** What an outflow needs of the world. */
export interface OutflowPorts {
  caps: UnreadCaps;
  /** Milliseconds, monotonic. */
  now: () => number;
  /** A socket was held, resumed or cut. */
  onVerdict: (verdict: NonNullable<Verdict>) => void;
}

/** What a packet that waits takes beside its data. */
const PACKET_BYTES = 100;

/**
 * What one socket was sent and has not read. Whoever sends to it asks first whether it reads; a sweep
 * looks at those that nobody asks about (G11).
 */
export class Outflow {
  readonly #wire: Inside;
  readonly #ports: OutflowPorts;
  #lag: Lag | null = null;
  #isCut = false;
  /** Who waits until it reads; null while nobody does, for there are many sockets. */
  #waiting: (() => void)[] | null = null;
  /** How much of Engine.IO's buffer was counted: it grows at its end, and is replaced when it is flushed. */
  #counted: { of: readonly Packet[]; packets: number; bytes: number } | null = null;
  /** It was found not to read: what it gets live has to stop. */
  onHold: (() => void) | null = null;
  /** It reads again, or is gone. Comes before those who wait for that: what they send might hold it anew. */
  onResume: (() => void) | null = null;

  constructor(wire: Wire, ports: OutflowPorts) {
    this.#wire = wire as unknown as Inside;
    this.#ports = ports;
  }

  get isClosed(): boolean {
    return this.#wire.readyState === "closed";
  }

  /** What waits in this process: what the kernel has not taken yet, and what is queued before that. */
  get unreadBytes(): number {
    return (webSocketOf(this.#wire)?.bufferedAmount ?? 0) + this.#queuedBytes();
  }

  /** Whether it may be sent more. True for one that is gone: nothing waits for it. */
  isReading(): boolean {
    this.look();
    return this.#lag === null;
  }

  /** Resolves when it may be sent more, or is gone. */
  async whenReading(): Promise<void> {
    if (this.isReading()) return;
    await new Promise<void>((resolve) => {
      (this.#waiting ??= []).push(resolve);
    });
  }

  /** Looks how it reads, and does what has to be done about that. */
  look(): void {
    const held = this.#lag;
    if (this.isClosed) {
      this.#lag = null;
      if (held !== null) this.#release();
      return;
    }
    if (this.#isCut) return;
    const { caps, now, onVerdict } = this.#ports;
    const { lag, verdict } = judge(held, this.unreadBytes, now(), caps);
    this.#lag = lag;
    if (verdict === "cut") return this.cut();
    if (verdict === null) return;
    onVerdict(verdict);
    if (verdict === "hold") this.onHold?.();
    else this.#release();
  }

  /** Ends it at once, and frees what waits for it. A polite goodbye would wait behind all that. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#ports.onVerdict("cut");
    const raw = webSocketOf(this.#wire);
    if (raw === null) this.#wire.close(true);
    else raw.terminate();
  }

  #release(): void {
    this.onResume?.();
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const resolve of waiting ?? []) resolve();
  }

  #queuedBytes(): number {
    const { writeBuffer } = this.#wire;
    if (writeBuffer.length === 0) {
      this.#counted = null;
      return 0;
    }
    let counted = this.#counted;
    if (counted?.of !== writeBuffer) counted = { of: writeBuffer, packets: 0, bytes: 0 };
    for (; counted.packets < writeBuffer.length; counted.packets += 1) {
      const packet = writeBuffer[counted.packets];
      if (packet !== undefined) counted.bytes += PACKET_BYTES + bytesOf(packet);
    }
    this.#counted = counted;
    return counted.bytes;
  }
}

/** What we read of an Engine.IO socket beyond its types. */
interface Inside {
  readyState: string;
  /** Packets that its transport has not taken: while the one before is still being written, or nobody polls. */
  writeBuffer: readonly Packet[];
  transport: { name: string; socket?: WebSocket };
  close: (discard: boolean) => void;
}

interface Packet {
  data?: string | Buffer;
  /** A broadcast's frame is made once for all its sockets. */
  options?: { wsPreEncodedFrame?: Buffer[] };
}

/** The WebSocket below; null while it polls. */
function webSocketOf({ transport }: Inside): WebSocket | null {
  return transport.name === "websocket" ? (transport.socket ?? null) : null;
}

function bytesOf({ data, options }: Packet): number {
  const frame = options?.wsPreEncodedFrame;
  if (frame !== undefined) return frame.reduce((bytes, { length }) => bytes + length, 0);
  return data === undefined ? 0 : Buffer.byteLength(data);
}
