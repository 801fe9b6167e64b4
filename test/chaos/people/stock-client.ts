import { io, type Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { CommandInput, CommandName, CommandOutput } from "../../../protocol/commands.ts";
import { type ErrorReply, errorTable } from "../../../protocol/errors.ts";
import type { Fact, Push, PushName } from "../../../protocol/facts.ts";
import type { Cursor } from "../../../protocol/ids.ts";
import type { Chance } from "../random.ts";
import type { Recorder } from "../recorder.ts";
import { pause, type Scene } from "./person.ts";
import { type Identity, notePush, noteRequest } from "./recording-transport.ts";

/** Longest wait for an answer (ms). */
const ANSWER_MS = 4_000;
const RETRY_MS = 300;

type Reply<N extends CommandName> =
  | ({ ok: true } & CommandOutput<N>)
  | { ok: false; error: ErrorReply };

/**
 * A stock socket.io client that follows the contract to the letter and nothing else: it enters with its
 * cursor after every break, and again whenever a push does not begin where it stands.
 */
export class StockClient {
  readonly identity: Identity;
  readonly room: string;
  cursor: Cursor | null = null;
  live = false;
  readonly #socket: Socket;
  readonly #recorder: Recorder;
  #closed = false;
  /** Answers to older enterings are not for us any more. */
  #entering = 0;

  constructor(scene: Scene, identity: Identity, { room, token }: { room: string; token: string }) {
    this.identity = identity;
    this.room = room;
    this.#recorder = scene.recorder;
    this.#socket = io(scene.url, {
      auth: { token },
      transports: ["websocket"],
      forceNew: true,
      reconnectionDelay: 200,
      reconnectionDelayMax: 1_000,
      timeout: 3_000,
    });
    this.#socket.on("connect", () => void this.#enter());
    this.#socket.on("disconnect", (reason) => {
      this.live = false;
      // A server that lets us go expects us elsewhere.
      if (reason === "io server disconnect") this.#connectSoon();
    });
    this.#socket.on("connect_error", (error: Error & { data?: ErrorReply }) => {
      if (error.data === undefined) return;
      if (errorTable[error.data.code].retry) this.#connectSoon();
      else this.#end();
    });
    this.#socket.onAny((name: PushName, data: unknown) => this.#onPush(name, data));
  }

  close(): void {
    this.#closed = true;
    this.#socket.disconnect();
  }

  /** Says something, again and again until it is answered for certain. */
  async say(scene: Scene, text: string): Promise<void> {
    const input = { room: this.room, clientId: uuidv7(), text };
    for (;;) {
      const reply = this.#socket.connected ? await this.#ask("message:send", input) : null;
      if (reply?.ok === true || (reply !== null && !errorTable[reply.error.code].retry)) return;
      if (!(await pause(scene, RETRY_MS))) return;
    }
  }

  #connectSoon(): void {
    if (!this.#closed) setTimeout(() => this.#closed || this.#socket.connect(), RETRY_MS);
  }

  async #enter(): Promise<void> {
    this.live = false;
    this.#entering += 1;
    const mine = this.#entering;
    while (!this.#closed && this.#socket.connected && mine === this.#entering && !this.live) {
      const since = this.cursor === null ? {} : { since: this.cursor };
      const input = { room: this.room, ...since };
      const reply = await this.#ask("room:enter", input, (entered) => {
        if (mine === this.#entering) this.#onEntered(entered, this.cursor);
      });
      if (reply?.ok === true) continue;
      if (reply !== null && !errorTable[reply.error.code].retry) return;
      await new Promise((resolve) => void setTimeout(resolve, RETRY_MS));
    }
  }

  /** `onOk` runs where the reply arrives: a push may come right behind it, before any promise settles. */
  async #ask<N extends CommandName>(
    name: N,
    input: CommandInput<N>,
    onOk: (output: CommandOutput<N>) => void = () => {},
  ): Promise<Reply<N> | null> {
    const noted = noteRequest(this.#recorder, this.identity, name, input);
    return new Promise((resolve) => {
      this.#socket
        .timeout(ANSWER_MS)
        .emit(name, input, (error: Error | null, reply: Reply<N> | undefined) => {
          const answer = error === null ? (reply ?? null) : null;
          noted(answer);
          if (answer?.ok === true) onOk(answer);
          resolve(answer);
        });
    });
  }

  #onEntered(reply: CommandOutput<"room:enter">, since: Cursor | null): void {
    const { who } = this.identity;
    const { epoch, prev, events, more, resetTo } = reply;
    let seq = since === null ? prev : since.seq;
    if (resetTo !== undefined && resetTo < seq) {
      seq = resetTo;
      this.#recorder.add({ kind: "reset", who, room: this.room, to: resetTo });
    }
    this.#take(epoch, seq, events, "catch-up");
    this.live = !more;
  }

  #onPush(name: PushName, data: unknown): void {
    notePush(this.#recorder, this.identity, name, data);
    if ((data as { room?: string }).room !== this.room) return;
    if (name === "room.events") this.#onEvents(data as Push<"room.events">);
    if (name === "room.reset" || name === "room.head") {
      const { epoch, seq = 0 } = data as { epoch: number; seq?: number };
      if (this.live && this.cursor !== null && epoch > this.cursor.epoch) void this.#enter();
      else if (this.live && this.cursor !== null && seq > this.cursor.seq) void this.#enter();
    }
    if (name === "room.closed") this.#end();
  }

  /** It may not come back. */
  #end(): void {
    this.live = false;
    this.#closed = true;
    this.#recorder.add({ kind: "leave", ...this.identity, room: this.room });
  }

  #onEvents({ epoch, prev, events }: Push<"room.events">): void {
    const { cursor } = this;
    if (!this.live || cursor === null || epoch < cursor.epoch) return;
    if (epoch > cursor.epoch || prev > cursor.seq) void this.#enter();
    else this.#take(epoch, cursor.seq, events, "live");
  }

  #take(epoch: number, after: number, events: readonly Fact[], way: "live" | "catch-up"): void {
    let seq = after;
    for (const fact of events) {
      if (fact.seq <= seq) continue;
      ({ seq } = fact);
      const told = this.#recorder.told(fact);
      this.#recorder.add({
        kind: "fact",
        ...this.identity,
        room: this.room,
        epoch,
        way,
        fact: told,
      });
    }
    this.cursor = { epoch, seq };
  }
}

/** Writes through a stock client until the run is over. */
export async function writeStock(
  scene: Scene,
  client: StockClient,
  everyMs: number,
  chance: Chance,
): Promise<void> {
  for (let i = 1; await pause(scene, everyMs * chance.between(0.5, 1.5)); i += 1) {
    await client.say(scene, `${client.identity.who} says line ${i}`);
  }
}
