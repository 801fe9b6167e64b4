import { atItsWord } from "../../client/at-its-word.ts";
import type { Clock } from "../../client/clock.ts";
import type { Transport, TransportEvents } from "../../client/transport.ts";
import type { CommandInput } from "../../protocol/commands.ts";
import type { ErrorReply } from "../../protocol/errors.ts";
import type { Push, PushName } from "../../protocol/facts.ts";
import { ClientId, type UserId } from "../../protocol/ids.ts";
import { SimRoom, WATERCOOLER } from "./sim-room.ts";

/** How often things go wrong, each from 0 (never) to 1. */
export interface Trouble {
  /** A message of either side ends its connection. */
  cut: number;
  /** A connection goes silent: nothing arrives any more, and nobody says so for a while. */
  silence: number;
  /** A push gets lost on its way through the gateways. */
  lostPush: number;
  /** A push comes twice. */
  doubledPush: number;
  /** A command is refused for now. */
  refusal: number;
  /** A handshake is refused. */
  handshake: number;
  /** In a second: Redis loses what is not stored. */
  loss: number;
  /** How long a message is under way, at most (ms). */
  delayMs: number;
}

export const calm: Trouble = {
  cut: 0,
  silence: 0,
  lostPush: 0,
  doubledPush: 0,
  refusal: 0,
  handshake: 0,
  loss: 0,
  delayMs: 20,
};

/** What the simulated server may be made to forget, to see whether that is noticed. */
export interface Forgets {
  clientIds?: boolean;
}

interface Link {
  user: { id: UserId; name: string };
  events: TransportEvents;
  open: boolean;
  silent: boolean;
  live: boolean;
  /** No message arrives before the one that was sent before it. */
  inboundFreeAt: number;
  outboundFreeAt: number;
}

/** A server with one room, and the network to it. Both fail as told. */
export class SimServer {
  trouble: Trouble = calm;
  readonly room = new SimRoom();
  readonly #links = new Set<Link>();
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #forgets: Forgets;

  constructor(clock: Clock, random: () => number, forgets: Forgets = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#forgets = forgets;
    this.#everySecond();
  }

  /** What one person's client connects with. */
  transportFor(user: Link["user"]): Transport {
    return {
      open: (_token, events) => {
        const link: Link = {
          user,
          events,
          open: true,
          silent: false,
          live: false,
          inboundFreeAt: 0,
          outboundFreeAt: 0,
        };
        this.#clock.after(this.#delay(), () => this.#shakeHands(link));
        return {
          request: (name, input, answer) => this.#request(link, name, input, answer),
          close: () => this.#drop(link),
        };
      },
    };
  }

  /** Something happened in the room: those who are live hear of it. */
  tell(after: number): void {
    const push = this.room.batch(after);
    if (push !== null) this.push("room.events", push);
  }

  #shakeHands(link: Link): void {
    if (!link.open) return;
    if (this.#happens("handshake")) {
      this.#drop(link);
      const retryAfterMs = this.#random() < 0.5 ? 1_500 : undefined;
      link.events.refused({
        message: "Not now",
        data: { code: "unavailable", message: "Not now", retryAfterMs },
      });
      return;
    }
    this.#links.add(link);
    link.events.connected();
  }

  #drop(link: Link): void {
    link.open = false;
    link.live = false;
    this.#links.delete(link);
  }

  #cut(link: Link): void {
    if (!link.open) return;
    this.#drop(link);
    link.events.disconnected("transport close");
  }

  #request(link: Link, name: string, input: unknown, answer: (reply: unknown) => void): void {
    this.#troubleFor(link);
    link.inboundFreeAt = Math.max(link.inboundFreeAt, this.#clock.now() + this.#delay());
    this.#clock.after(link.inboundFreeAt - this.#clock.now(), () => {
      // What a broken connection still held may be carried out all the same.
      if ((!link.open || link.silent) && this.#random() < 0.5) return;
      const reply = this.#carryOut(link, name, input);
      this.#deliver(link, () => answer(reply));
    });
  }

  #carryOut(link: Link, name: string, input: unknown): object {
    if (name === "room:enter") {
      if (this.#happens("refusal")) return refusal("unavailable");
      const reply = this.room.enter(atItsWord<CommandInput<"room:enter">>(input));
      link.live = link.open && !reply.more;
      return { ok: true, ...reply };
    }
    if (name === "room:history") {
      return { ok: true, ...this.room.history(atItsWord<CommandInput<"room:history">>(input)) };
    }
    if (name === "message:send")
      return this.#send(link, atItsWord<CommandInput<"message:send">>(input));
    return { ok: true };
  }

  #send({ user }: Link, { clientId, text, replyTo }: CommandInput<"message:send">): object {
    const { room } = this;
    const known = this.#forgets.clientIds ? undefined : room.sentAs(user.id, clientId);
    if (known === undefined && this.#happens("refusal")) {
      return refusal(this.#random() < 0.5 ? "busy" : "rate_limited", this.#random() * 2_000);
    }
    if (known === undefined && text.includes("spam")) return refusal("filtered");
    const head = room.head;
    const fact =
      known ??
      room.append({
        type: "message.sent",
        at: new Date(this.#clock.now()).toISOString(),
        by: user,
        clientId: ClientId.parse(clientId),
        text,
        mentions: [],
        ...(replyTo === undefined ? {} : { replyTo }),
      });
    if (known === undefined) this.tell(head);
    return {
      ok: true,
      seq: fact.seq,
      epoch: room.epoch,
      at: fact.at,
      duplicate: known !== undefined,
    };
  }

  /** Pushes to all who are live, as far as the network lets it. */
  push<N extends PushName>(name: N, data: Push<N>): void {
    for (const link of this.#links) {
      if (!link.live || this.#happens("lostPush")) continue;
      this.#deliver(link, () => link.events.pushed(name, data));
      if (this.#happens("doubledPush")) this.#deliver(link, () => link.events.pushed(name, data));
    }
  }

  #deliver(link: Link, act: () => void): void {
    this.#troubleFor(link);
    const now = this.#clock.now();
    const due = now + this.#delay();
    link.outboundFreeAt = Math.max(link.outboundFreeAt, due);
    this.#clock.after(link.outboundFreeAt - now, () => {
      if (link.open && !link.silent) act();
    });
  }

  #troubleFor(link: Link): void {
    if (!link.open) return;
    if (this.#happens("cut")) this.#clock.after(this.#delay(), () => this.#cut(link));
    if (!link.silent && this.#happens("silence")) {
      link.silent = true;
      // The heartbeat finds out in the end.
      this.#clock.after(25_000, () => this.#cut(link));
    }
  }

  #everySecond(): void {
    this.#clock.after(1_000, () => {
      const { room } = this;
      if (this.#happens("loss")) {
        const push = room.lose();
        this.push("room.reset", this.#random() < 0.5 ? push : { ...push, lost: null });
      } else {
        room.store();
        this.push("room.stored", { room: WATERCOOLER, epoch: room.epoch, seq: room.stored });
      }
      this.push("room.head", { room: WATERCOOLER, epoch: room.epoch, seq: room.head });
      this.#everySecond();
    });
  }

  #happens(what: Exclude<keyof Trouble, "delayMs">): boolean {
    return this.#random() < this.trouble[what];
  }

  #delay(): number {
    return Math.ceil(this.#random() * this.trouble.delayMs);
  }
}

function refusal(code: ErrorReply["code"], retryAfterMs?: number): object {
  const hint = retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) };
  return { ok: false, error: { code, message: code, ...hint } };
}
