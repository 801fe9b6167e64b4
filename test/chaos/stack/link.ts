import { createServer, type Server, Socket } from "node:net";

/** Where a link leads. */
export interface Backend {
  name: string;
  port: number;
  /** Whether new connections may go there; one that is down is used only when all are. */
  up: boolean;
}

/** What a link does to the connections that it picks, until it is healed. */
export interface Trouble {
  kind: "cut" | "black hole" | "slow" | "cut mid-reply";
  /** Only connections to this backend. */
  backend?: string;
  /** Only connections whose client has this name (as it told Redis). */
  client?: string;
  /** Of `slow`: how late each piece arrives. */
  delayMs?: number;
}

/** How much may wait on one side of a connection before its sender is held back. */
const MOST_WAITING_BYTES = 256 * 1024;
/** How far into a connection its client may tell its name. */
const NAME_WITHIN_BYTES = 4_096;
const NAME = /eddy-(?:worker-queues|worker|gateway|feed|queues)/u;

/** A TCP link that can be cut, black-holed, slowed down and cut in the middle of a reply. */
export class Link {
  readonly name: string;
  readonly backends: Backend[];
  readonly #server: Server;
  readonly #pipes = new Set<Pipe>();
  readonly #troubles = new Set<Trouble>();
  #turn = 0;

  constructor(name: string, backends: Backend[]) {
    this.name = name;
    this.backends = backends;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Opens it on a free port of the loopback. */
  async open(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(0, "127.0.0.1", resolve));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The link has no port");
    return address.port;
  }

  /** A URL of a backend, through this link. */
  through(target: string): string {
    const url = new URL(target);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  /** Makes trouble; answers what ends it. */
  trouble(trouble: Trouble): () => void {
    this.#troubles.add(trouble);
    this.#apply();
    return () => {
      this.#troubles.delete(trouble);
      for (const pipe of this.#pipes) pipe.flow();
    };
  }

  async close(): Promise<void> {
    for (const pipe of this.#pipes) pipe.destroy();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  /** What befalls a connection now. */
  troubleOf(pipe: Pipe): Trouble | null {
    for (const trouble of this.#troubles) {
      const { backend = pipe.backend.name, client = pipe.client } = trouble;
      if (backend === pipe.backend.name && client === pipe.client) return trouble;
    }
    return null;
  }

  #accept(client: Socket): void {
    const ups = this.backends.filter(({ up }) => up);
    const choice = ups.length > 0 ? ups : this.backends;
    this.#turn += 1;
    const backend = choice[this.#turn % choice.length];
    if (backend === undefined) throw new Error(`${this.name} leads nowhere`);
    const pipe = new Pipe(this, client, backend);
    this.#pipes.add(pipe);
    pipe.onGone = () => this.#pipes.delete(pipe);
    this.#apply();
  }

  #apply(): void {
    for (const pipe of this.#pipes) {
      if (this.troubleOf(pipe)?.kind === "cut") pipe.destroy();
    }
  }
}

/** One connection through a link. */
class Pipe {
  readonly backend: Backend;
  /** The name that its client told; null while it has told none. */
  client: string | null = null;
  onGone: () => void = () => {};
  readonly #link: Link;
  readonly #ways: Way[];
  readonly #ends: Socket[];

  constructor(link: Link, client: Socket, backend: Backend) {
    this.#link = link;
    this.backend = backend;
    const store = new Socket().connect(backend.port, "127.0.0.1");
    this.#ends = [client, store];
    for (const end of this.#ends) {
      end.setNoDelay(true);
      // The other side's half is gone with it: nobody here speaks to a half-closed line.
      end.on("error", () => {});
      end.on("close", () => this.destroy());
    }
    const trouble = () => link.troubleOf(this);
    let asked = 0;
    this.#ways = [
      new Way(client, store, {
        trouble,
        onData: (chunk) => {
          if (this.client !== null || asked > NAME_WITHIN_BYTES) return;
          asked += chunk.length;
          this.client = NAME.exec(chunk.toString("latin1"))?.[0] ?? null;
          if (this.#link.troubleOf(this)?.kind === "cut") this.destroy();
        },
        onReply: null,
      }),
      new Way(store, client, { trouble, onData: null, onReply: () => this.destroy() }),
    ];
  }

  /** Lets what waits go on, as far as it may. */
  flow(): void {
    for (const way of this.#ways) way.flow();
  }

  destroy(): void {
    for (const end of this.#ends) end.destroy();
    this.onGone();
  }
}

interface WayPorts {
  trouble: () => Trouble | null;
  /** Sees every piece that sets out. */
  onData: ((chunk: Buffer) => void) | null;
  /** The line is to be cut, with half of the reply out; null on the way of requests. */
  onReply: (() => void) | null;
}

/** One direction of a connection: pieces keep their order, whatever befalls them. */
class Way {
  readonly #to: Socket;
  readonly #from: Socket;
  readonly #ports: WayPorts;
  readonly #waiting: { chunk: Buffer; dueAt: number }[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(from: Socket, to: Socket, ports: WayPorts) {
    this.#from = from;
    this.#to = to;
    this.#ports = ports;
    from.on("data", (chunk) => this.#take(chunk));
    to.on("drain", () => this.flow());
  }

  /** Writes what is due, in order. */
  flow(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const trouble = this.#ports.trouble();
    if (trouble?.kind === "black hole") return;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const wait = trouble?.kind === "slow" ? first.dueAt - performance.now() : 0;
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flow(), wait);
        return;
      }
      if (this.#to.writableNeedDrain) return;
      this.#waiting.shift();
      this.#bytes -= first.chunk.length;
      this.#write(first.chunk);
    }
    if (this.#from.isPaused() && this.#bytes < MOST_WAITING_BYTES) this.#from.resume();
  }

  #take(chunk: Buffer): void {
    this.#ports.onData?.(chunk);
    const { delayMs = 0 } = this.#ports.trouble() ?? {};
    this.#waiting.push({ chunk, dueAt: performance.now() + delayMs });
    this.#bytes += chunk.length;
    if (this.#bytes >= MOST_WAITING_BYTES) this.#from.pause();
    this.flow();
  }

  #write(chunk: Buffer): void {
    const { onReply } = this.#ports;
    if (onReply !== null && this.#ports.trouble()?.kind === "cut mid-reply") {
      // What the kernel has taken arrives before the end does.
      this.#to.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), () => onReply());
      return;
    }
    this.#to.write(chunk);
  }
}
