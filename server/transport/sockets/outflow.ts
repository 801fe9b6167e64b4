import type { Socket as TcpSocket } from "node:net";

import type { Socket } from "socket.io";
import type { WebSocket } from "ws";

import { judge, type Lag, type UnreadCaps, type Verdict } from "../../feed/lag.ts";
import { ReadProbe } from "./read-probe.ts";

/** The Engine.IO socket below a connection. */
export type Wire = Socket["conn"];

/** Who is sent what an outflow lets through. */
export interface Held {
  /** It was found not to read: what it gets live has to stop. */
  onHold: () => void;
  /** It reads again, or is gone. Comes before those who wait for that: what they send might hold it anew. */
  onResume: () => void;
}

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
  /** What waits in this process is too much. */
  #lag: Lag | null = null;
  /** What it does not confirm is too much: the kernel has it, or the way to it. */
  #late: Lag | null = null;
  #isCut = false;
  /** Who waits until it reads; null while nobody does, for there are many sockets. */
  #waiting: (() => void)[] | null = null;
  /** How much of Engine.IO's buffer was counted: it grows at its end, and is replaced when it is flushed. */
  #counted: { of: readonly Packet[]; packets: number; bytes: number } | null = null;
  /** Null while it polls. */
  #probe: ReadProbe | null = null;
  /** Who is told; nobody before its handshake is accepted. */
  owner: Held | null = null;

  constructor(wire: Wire, ports: OutflowPorts) {
    this.#wire = wire as unknown as Inside;
    this.#ports = ports;
    this.probe();
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
    return !this.#isHeld;
  }

  /** Resolves when it may be sent more, or is gone. */
  async whenReading(): Promise<void> {
    if (this.isReading()) return;
    await new Promise<void>((resolve) => {
      (this.#waiting ??= []).push(resolve);
    });
  }

  /** Finds out how much it has read of what the kernel took for it. To be called at an even pace. */
  probe(): void {
    if (this.isClosed || this.#isCut) return;
    this.#probe ??= this.#openProbe();
    this.#probe?.look();
    if (this.#isHeld) this.#probe?.ask();
  }

  /** Looks how it reads, and does what has to be done about that; answers what waited for it (bytes). */
  look(): number {
    const unread = this.unreadBytes;
    if (this.#isCut && !this.isClosed) return unread;
    const wasHeld = this.#isHeld;
    // Nearly all of them, ten times a second: it costs next to nothing.
    if (!wasHeld && unread <= this.#ports.caps.softBytes && this.#probe?.isLate !== true)
      return unread;
    const verdict = this.#judge(unread);
    if (verdict === "cut") this.cut();
    else if (this.#isHeld !== wasHeld) this.#turn(wasHeld);
    return unread;
  }

  #turn(wasHeld: boolean): void {
    if (!this.isClosed) this.#ports.onVerdict(wasHeld ? "resume" : "hold");
    if (wasHeld) return this.#release();
    this.owner?.onHold();
    this.#probe?.ask();
  }

  /** Ends it at once, and frees what waits for it. A polite goodbye would wait behind all that. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#ports.onVerdict("cut");
    const tcp = tcpOf(webSocketOf(this.#wire));
    if (tcp === null) this.#wire.close(true);
    // A line that is only closed keeps what the kernel has for it, for as long as its client stays away.
    else tcp.resetAndDestroy();
  }

  get #isHeld(): boolean {
    return this.#lag !== null || this.#late !== null;
  }

  /** Whether it has to be cut; notes how it reads. Nothing is held back from who is gone. */
  #judge(unread: number): Verdict {
    if (this.isClosed) {
      this.#lag = null;
      this.#late = null;
      return null;
    }
    const { caps, now } = this.#ports;
    const nowMs = now();
    const here = judge(this.#lag, unread, nowMs, caps);
    this.#lag = here.lag;
    if (here.verdict === "cut" || this.#probe === null) return here.verdict;
    const { isLate, unknownBytes, nextBytes } = this.#probe;
    const unconfirmed = isLate || this.#late !== null ? unknownBytes : 0;
    const { softBytes, patienceMs } = caps;
    const there = judge(this.#late, unconfirmed, nowMs, {
      softBytes,
      // The kernel's own bound holds there.
      hardBytes: Infinity,
      // What was sent in one piece can only be confirmed in one piece, in as many times the time.
      patienceMs: patienceMs * Math.max(1, nextBytes / softBytes),
    });
    this.#late = there.lag;
    return there.verdict;
  }

  #release(): void {
    this.owner?.onResume();
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const resolve of waiting ?? []) resolve();
  }

  #openProbe(): ReadProbe | null {
    const raw = webSocketOf(this.#wire);
    const tcp = tcpOf(raw);
    if (raw === null || tcp === null) return null;
    const probe = new ReadProbe(raw, tcp);
    raw.on("pong", () => {
      probe.onPong();
      if (!this.#isHeld) return;
      // At once, and not at the next look: who catches up would get no more than a frame or two a look.
      this.look();
      if (this.#isHeld) probe.ask();
    });
    return probe;
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
  transport: { name: string; socket?: OpenWebSocket };
  close: (discard: boolean) => void;
}

interface Packet {
  data?: string | Buffer;
  /** A broadcast's frame is made once for all its sockets. */
  options?: { wsPreEncodedFrame?: Buffer[] };
}

type OpenWebSocket = WebSocket & { _socket?: TcpSocket | null };

/** The WebSocket below; null while it polls. */
function webSocketOf({ transport }: Inside): OpenWebSocket | null {
  return transport.name === "websocket" ? (transport.socket ?? null) : null;
}

/** The line below a WebSocket; null when there is none, or no more. */
function tcpOf(raw: OpenWebSocket | null): TcpSocket | null {
  const { _socket: tcp = null } = raw ?? {};
  return tcp;
}

function bytesOf({ data, options }: Packet): number {
  const frame = options?.wsPreEncodedFrame;
  if (frame !== undefined) return frame.reduce((bytes, { length }) => bytes + length, 0);
  return data === undefined ? 0 : Buffer.byteLength(data);
}
