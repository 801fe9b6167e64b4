import { expect, test } from "@jest/globals";

import { Outflow, type Wire } from "../../server/transport/sockets/outflow.ts";

/** What is worth a ping of its own. */
const PIECE = 128 * 1_024;
const PING_BYTES = 2;
const CAPS = { softBytes: PIECE, hardBytes: 10 * PIECE, patienceMs: 10_000 };

/** A socket of someone who polls: what waits for them is what they have not fetched. */
function openOutflow() {
  const wire = {
    readyState: "open",
    writeBuffer: [] as { data: string }[],
    transport: { name: "polling" },
    close: () => {
      wire.readyState = "closed";
    },
  };
  const outflow = new Outflow(wire as unknown as Wire, {
    caps: CAPS,
    now: () => 0,
    onVerdict: () => {},
  });
  const send = (bytes: number) => void wire.writeBuffer.push({ data: "x".repeat(bytes) });
  const fetch = () => {
    wire.writeBuffer = [];
  };
  return { wire, outflow, send, fetch };
}

/** A socket over a WebSocket: the kernel takes all it is sent, and its client answers pings when told to. */
function openLine() {
  let nowMs = 0;
  let pong: (() => void) | null = null;
  const verdicts: string[] = [];
  const tcp = {
    bytesWritten: 0,
    resetAndDestroy: () => {
      wire.readyState = "closed";
    },
  };
  const wire = {
    readyState: "open",
    writeBuffer: [],
    transport: {
      name: "websocket",
      socket: {
        bufferedAmount: 0,
        ping: () => {
          tcp.bytesWritten += PING_BYTES;
        },
        on: (_: "pong", listener: () => void) => {
          pong = listener;
        },
        _socket: tcp,
      },
    },
  };
  const outflow = new Outflow(wire as unknown as Wire, {
    caps: CAPS,
    now: () => nowMs,
    onVerdict: (verdict) => void verdicts.push(verdict),
  });
  return {
    verdicts,
    pong: () => pong?.(),
    send: (bytes: number) => {
      tcp.bytesWritten += bytes;
    },
    /** Half a second, with the looks that belong to it. */
    pass: (seconds: number) => {
      for (let i = 0; i < seconds * 2; i += 1) {
        nowMs += 500;
        outflow.probe();
        outflow.look();
      }
    },
  };
}

test("[G11] who confirms nothing is held when it is late, and cut when patience ends", () => {
  const { verdicts, pong, send, pass } = openLine();
  pong();
  send(PIECE);
  pass(1.5);
  expect(verdicts).toEqual([]);
  pass(0.5);
  expect(verdicts).toEqual(["hold"]);
  pass(CAPS.patienceMs / 1_000 - 0.5);
  expect(verdicts).toEqual(["hold"]);
  // It has a little more than the soft cap to confirm, and as much more time.
  pass(1);
  expect(verdicts).toEqual(["hold", "cut"]);
});

test("[G11] who confirms the last of it reads again, at once", () => {
  const { verdicts, pong, send, pass } = openLine();
  pong();
  send(PIECE);
  pass(0.5);
  send(PIECE);
  pass(2);
  pong();
  expect(verdicts).toEqual(["hold"]);
  pong();
  expect(verdicts).toEqual(["hold", "resume"]);
});

test("[G11] a large reply, which is confirmed in one piece, may take as many times the time", () => {
  const { verdicts, pong, send, pass } = openLine();
  pong();
  send(3 * PIECE);
  pass(2 + 2.5 * (CAPS.patienceMs / 1_000));
  expect(verdicts).toEqual(["hold"]);
  pong();
  expect(verdicts).toEqual(["hold", "resume"]);
});

test("[G11] commands go on before those who catch up, who would hold the socket anew", async () => {
  const { outflow, send, fetch } = openOutflow();
  const order: string[] = [];
  send(2 * PIECE);
  const caughtUp = outflow.whenReading().then(() => order.push("catching up"));
  outflow.owner = {
    onHold: () => {},
    onResume: () => void order.push(`commands, reading: ${outflow.isReading()}`),
  };
  outflow.look();
  expect(order).toEqual([]);
  fetch();
  outflow.look();
  await caughtUp;
  expect(order).toEqual(["commands, reading: true", "catching up"]);
});

test("[G11] nobody waits for a socket that is gone", async () => {
  const { wire, outflow, send } = openOutflow();
  let resumed = 0;
  outflow.owner = { onHold: () => {}, onResume: () => void (resumed += 1) };
  send(2 * PIECE);
  const reads = outflow.whenReading();
  wire.close();
  outflow.look();
  outflow.look();
  await reads;
  expect(resumed).toBe(1);
  expect(outflow.isReading()).toBe(true);
});
