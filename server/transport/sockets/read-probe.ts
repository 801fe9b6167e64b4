/** What a probe needs of a WebSocket. */
export interface Pinged {
  /** Sends a ping of the WebSocket protocol, behind all that was sent before. */
  ping: () => void;
}

/** What a probe needs of the line below a WebSocket. */
export interface Line {
  /** All that was ever sent, what still waits in this process included. */
  readonly bytesWritten: number;
}

/** A ping that is not answered: what was sent up to there, and at which look. */
interface Ping {
  upTo: number;
  look: number;
}

/** What a socket was sent since the last ping, so that another is worth its write (bytes). */
const PING_AFTER_BYTES = 128 * 1_024;
/** Looks that an answer may take. Looks, not time: who was late may be this process. */
const LATE_AFTER_LOOKS = 3;
const NONE: readonly Ping[] = [];

/**
 * How much of what a WebSocket was sent its client has read. A kernel takes megabytes for a client that
 * hangs, and says nothing; but whoever reads comes to our pings, in their order, and answers them without
 * the application. Who never answered any says nothing either way.
 */
export class ReadProbe {
  readonly #socket: Pinged;
  readonly #line: Line;
  /** All up to here is read (bytes). */
  #read = 0;
  /** Oldest first. Mostly empty, and there are many sockets: so all share one that is. */
  #pings: readonly Ping[] = NONE;
  #looks = 0;
  #answers = false;

  /** Begins with a ping: only who answers that is held to it later. */
  constructor(socket: Pinged, line: Line) {
    this.#socket = socket;
    this.#line = line;
    this.#ping();
  }

  /** To be called at an even pace. */
  look(): void {
    if (!this.#answers) return;
    this.#looks += 1;
    if (this.#unaskedBytes >= PING_AFTER_BYTES) this.#ping();
  }

  /** Asks for an answer once all that was sent is read: for who is sent no more before that. */
  ask(): void {
    if (this.#answers && this.#unaskedBytes > 0) this.#ping();
  }

  /** A ping was answered: the oldest, for they come in order. */
  onPong(): void {
    this.#answers = true;
    const [oldest, ...later] = this.#pings;
    if (oldest === undefined) return;
    this.#read = oldest.upTo;
    this.#pings = later.length === 0 ? NONE : later;
  }

  /** Whether an answer is due for longer than a line takes. */
  get isLate(): boolean {
    const [oldest] = this.#pings;
    return this.#answers && oldest !== undefined && this.#looks - oldest.look >= LATE_AFTER_LOOKS;
  }

  /** What was sent and is not known to be read (bytes); 0 for a client that never answers. */
  get unknownBytes(): number {
    return this.#answers ? this.#line.bytesWritten - this.#read : 0;
  }

  /** What the next answer confirms (bytes). */
  get nextBytes(): number {
    return (this.#pings[0]?.upTo ?? this.#read) - this.#read;
  }

  get #unaskedBytes(): number {
    return this.#line.bytesWritten - (this.#pings.at(-1)?.upTo ?? this.#read);
  }

  #ping(): void {
    this.#socket.ping();
    this.#pings = [...this.#pings, { upTo: this.#line.bytesWritten, look: this.#looks }];
  }
}
