import type { Talk } from "./dialect.ts";

/** What is said over a WebSocket before a load begins: frames are waited for by how they begin. */
export class Conversation implements Talk {
  readonly #send: (frame: string) => void;
  readonly #early: string[] = [];
  readonly #waiting = new Map<string, (frame: string) => void>();

  constructor(send: (frame: string) => void) {
    this.#send = send;
  }

  send(frame: string): void {
    this.#send(frame);
  }

  /** The next frame that begins so, or one that came before it was asked for. */
  hear(prefix: string): Promise<string> {
    const early = this.#early.findIndex((frame) => frame.startsWith(prefix));
    if (early >= 0) return Promise.resolve(this.#early.splice(early, 1)[0] ?? "");
    return new Promise((resolve) => this.#waiting.set(prefix, resolve));
  }

  take(frame: string): void {
    for (const [prefix, resolve] of this.#waiting) {
      if (!frame.startsWith(prefix)) continue;
      this.#waiting.delete(prefix);
      resolve(frame);
      return;
    }
    this.#early.push(frame);
  }
}
