import { expect, test } from "@jest/globals";

import { ReadProbe } from "../../server/transport/sockets/read-probe.ts";

const MUCH = 128 * 1_024;

/** A probe over a line that was sent what a test says, and a client that answers when told to. */
function openProbe() {
  const line = { bytesWritten: 0 };
  let pings = 0;
  const ping = () => {
    pings += 1;
    line.bytesWritten += 2;
  };
  const probe = new ReadProbe({ ping }, line);
  return {
    probe,
    pings: () => pings,
    send: (bytes: number) => {
      line.bytesWritten += bytes;
    },
    look: (times = 1) => {
      for (let i = 0; i < times; i += 1) probe.look();
    },
  };
}

test("[G11] who does not come to a ping in three looks is late, until they do", () => {
  const { probe, send, look } = openProbe();
  probe.onPong();
  send(MUCH);
  look();
  expect(probe.unknownBytes).toBe(MUCH + 2);
  look(2);
  expect(probe.isLate).toBe(false);
  look();
  expect(probe.isLate).toBe(true);
  probe.onPong();
  expect(probe.isLate).toBe(false);
  expect(probe.unknownBytes).toBe(0);
});

test("[G11] reading shows bit by bit: pings are answered in their order", () => {
  const { probe, send, look } = openProbe();
  probe.onPong();
  for (let i = 0; i < 3; i += 1) {
    send(MUCH);
    look();
  }
  probe.onPong();
  expect(probe.unknownBytes).toBe(2 * (MUCH + 2));
  probe.onPong();
  expect(probe.unknownBytes).toBe(MUCH + 2);
  look(2);
  expect(probe.isLate).toBe(false);
  look();
  expect(probe.isLate).toBe(true);
});

test("a ping is worth its write only after much was sent, or when nothing more is", () => {
  const { probe, pings, send, look } = openProbe();
  probe.onPong();
  send(MUCH - 1);
  look(10);
  expect(pings()).toBe(1);
  send(1);
  look(10);
  expect(pings()).toBe(2);
  send(10);
  look(10);
  expect(pings()).toBe(2);
  for (let i = 0; i < 10; i += 1) probe.ask();
  expect(pings()).toBe(3);
});

test("[G11] nothing is held against a client that never answers pings", () => {
  const { probe, pings, send, look } = openProbe();
  for (let i = 0; i < 100; i += 1) {
    send(MUCH);
    look();
    probe.ask();
  }
  expect(probe.isLate).toBe(false);
  expect(probe.unknownBytes).toBe(0);
  expect(pings()).toBe(1);
});

test("answers that nobody asked for change nothing", () => {
  const { probe, send, look } = openProbe();
  for (let i = 0; i < 100; i += 1) probe.onPong();
  send(MUCH);
  look(4);
  expect(probe.isLate).toBe(true);
  expect(probe.unknownBytes).toBe(MUCH + 2);
});
