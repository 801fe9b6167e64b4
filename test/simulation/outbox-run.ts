import type { OutboxEffect } from "../../client/outbox-turn.ts";
import { newOutbox, type OutboxInput, type stepOutbox } from "../../client/outbox.ts";
import type { Send } from "../../client/send.ts";
import type { ErrorReply } from "../../protocol/errors.ts";
import { ClientId } from "../../protocol/ids.ts";
import { ada, grace } from "./happenings.ts";
import type { OutboxScript, OutboxStep } from "./outbox-script.ts";
import { SimRoom } from "./sim-room.ts";

/** A request under way; `known`: the epoch that the sender knew of when it went out. */
type Attempt = Pick<Send, "clientId" | "attempt" | "text"> & { known: number };
const AT = "2024-01-01T00:00:00.000Z";

type Answer = Attempt & ({ place: { epoch: number; seq: number } } | { error: ErrorReply });

/**
 * Runs an outbox through a script, lets the world heal, and holds the log against what was sent.
 *
 * Throws when a send is not in the log exactly once (unless it failed), when two stand in another
 * order than they were sent in (unless a loss took one of them in between), or when something is
 * left over at the end.
 */
export function runOutbox(script: OutboxScript, stepFn: typeof stepOutbox): void {
  const room = new SimRoom();
  const author = ada;
  let outbox = newOutbox(script.window);
  const sent: string[] = [];
  const last = new Map<string, Send>();
  let requests: Attempt[] = [];
  let answers: Answer[] = [];
  let limbo: Attempt[] = [];
  const unaware = new Set<string>();
  let blocked = new Set<string>();
  const filtered = new Set<string>();
  let announcement: Extract<OutboxInput, { type: "reset" }> | null = null;
  let connected = false;
  let cursor = { epoch: room.epoch, seq: 0 };

  const give = (input: OutboxInput) => {
    const { outbox: next, effects } = stepFn(outbox, input);
    outbox = next;
    for (const effect of effects) take(effect);
  };

  const take = (effect: OutboxEffect) => {
    if (effect.type === "changed") last.set(effect.send.clientId, effect.send);
    if (effect.type === "send") requests.push({ ...effect.send, known: outbox.epoch });
  };

  const append = ({ clientId, text, known: knownEpoch }: Attempt) => {
    const known = room.sentAs(author.id, clientId);
    if (known !== undefined) return known.seq;
    // Sent before the sender heard of a loss: it may get ahead of what was lost.
    if (room.epoch === knownEpoch) unaware.delete(clientId);
    else unaware.add(clientId);
    const base = { at: AT, by: author, mentions: [], text };
    return room.append({ ...base, type: "message.sent", clientId: ClientId.parse(clientId) }).seq;
  };

  const serve = (verdict: "accept" | "busy" | "filtered") => {
    const request = requests.shift();
    if (request === undefined) return;
    const { clientId } = request;
    const known = room.sentAs(author.id, clientId) !== undefined;
    const isBlocked = script.sticky && blocked.size > 0 && !blocked.has(clientId);
    if (isBlocked || (verdict === "busy" && !known)) {
      // A refusal of its own begins anew: what was held back behind it has to wait again.
      blocked = new Set(isBlocked ? [...blocked, clientId] : [clientId]);
      answers.push({ ...request, error: { code: "busy", message: "Too much" } });
      return;
    }
    blocked = new Set();
    if ((verdict === "filtered" || filtered.has(clientId)) && !known) {
      if (script.sticky) filtered.add(clientId);
      answers.push({ ...request, error: { code: "filtered", message: "A rule" } });
      return;
    }
    answers.push({ ...request, place: { epoch: room.epoch, seq: append(request) } });
  };

  const answer = () => {
    const next = answers.shift();
    if (next === undefined) return;
    const { clientId, attempt } = next;
    if ("place" in next) give({ type: "accepted", clientId, place: next.place });
    else give({ type: "refused", clientId, attempt, error: next.error });
  };

  const breakOff = () => {
    connected = false;
    // What the old connection still held may be carried out by its gateway, any time later.
    if (blocked.size === 0) limbo.push(...requests);
    requests = [];
    answers = [];
    announcement = null;
    blocked = new Set();
    give({ type: "disconnected" });
  };

  const connect = () => {
    if (connected) return;
    connected = true;
    const { epoch, stored, head, resetTo } = room.enter({ since: cursor });
    give({
      type: "entered",
      epoch,
      stored,
      since: cursor,
      ...(resetTo === undefined ? {} : { resetTo }),
    });
    cursor = { epoch, seq: head };
  };

  const carryOut = (one: OutboxStep) => {
    switch (one.do) {
      case "send": {
        const clientId = `01900000-0000-7000-9000-${String(sent.length).padStart(12, "0")}`;
        sent.push(clientId);
        return give({ type: "send", clientId, text: `number ${sent.length}` });
      }
      case "serve":
        return connected ? serve(one.verdict) : undefined;
      case "answer":
        return answer();
      case "lose answer":
        return void answers.shift();
      case "time out": {
        const waiting = outbox.entries.find(({ state }) => state === "sent");
        if (waiting === undefined) return;
        return give({ type: "unanswered", clientId: waiting.clientId, attempt: waiting.attempt });
      }
      case "break":
        return breakOff();
      case "connect":
        return connect();
      case "reload": {
        const kept: Send[] = JSON.parse(JSON.stringify(outbox.entries));
        breakOff();
        outbox = newOutbox(script.window);
        cursor = { epoch: room.epoch, seq: room.head };
        return give({ type: "loaded", sends: kept });
      }
      case "store":
        return room.store();
      case "push stored":
        if (connected) give({ type: "stored", epoch: room.epoch, seq: room.stored });
        return;
      case "lose":
        announcement = { type: "reset", ...room.lose() };
        return;
      case "announce":
        if (connected && announcement !== null) give(announcement);
        announcement = null;
        return;
      case "announce vaguely":
        // A gateway that does not know the range names none.
        if (connected && announcement !== null) give({ ...announcement, lost: null });
        return;
      case "see": {
        // A fact of mine in the feed; feeds come later than answers, or earlier.
        const mine = room.facts.findLast((fact) => fact.type === "message.sent");
        if (!connected || mine?.type !== "message.sent") return;
        const place = { epoch: room.epoch, seq: mine.seq };
        return give({ type: "seen", clientId: mine.clientId, place });
      }
      case "hold over":
        return give({ type: "holdOver" });
      case "other speaks":
        return void room.append({ type: "message.pinned", at: AT, by: grace, target: 1 });
      case "late copy": {
        const copy = limbo.shift();
        if (copy !== undefined && !filtered.has(copy.clientId)) append(copy);
      }
    }
  };

  for (const one of script.steps) carryOut(one);

  // The world heals: the server takes everything, and stores it.
  connect();
  for (
    let turn = 0;
    turn < 40 * (sent.length + 1) && outbox.entries.some(isUnfinished);
    turn += 1
  ) {
    serve("accept");
    answer();
    give({ type: "holdOver" });
    // Answers may have been lost: now and then time is up for the oldest that waits.
    if (turn % 5 === 4) carryOut({ do: "time out" });
    room.store();
    give({ type: "stored", epoch: room.epoch, seq: room.stored });
  }
  check({ room, sent, last, unaware });
}

function isUnfinished({ state }: Send): boolean {
  return state !== "failed";
}

function check({
  room,
  sent,
  last,
  unaware,
}: {
  room: SimRoom;
  sent: readonly string[];
  last: ReadonlyMap<string, Send>;
  unaware: ReadonlySet<string>;
}): void {
  const inLog = room.facts.flatMap((fact) => (fact.type === "message.sent" ? [fact.clientId] : []));
  for (const clientId of sent) {
    const send = last.get(clientId);
    const copies = inLog.filter((id) => id === clientId).length;
    const state = send?.state;
    if (state === "stored" && copies === 1) continue;
    if (state === "failed" && (copies === 0 || send?.inDoubt === true)) continue;
    throw new Error(`${clientId} is ${state}, and ${copies} times in the log`);
  }
  const stored = sent.filter((id) => last.get(id)?.state === "stored");
  expectOrder(
    inLog,
    stored.filter((id) => !room.lostOnce.has(id)),
  );
  expectOrder(
    inLog,
    stored.filter((id) => room.lostOnce.has(id) && !unaware.has(id)),
  );
}

function expectOrder(inLog: readonly string[], expected: readonly string[]): void {
  const order = inLog.filter((id) => expected.includes(id));
  if (order.join() !== expected.join()) {
    throw new Error(`sent in the order\n${expected.join()}\nbut the log has\n${order.join()}`);
  }
}
