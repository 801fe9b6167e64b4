import { expect, test } from "@jest/globals";

import { Outflow, type Wire } from "../../server/transport/sockets/outflow.ts";

const CAPS = { softBytes: 1_000, hardBytes: 100_000, patienceMs: 10_000 };

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

test("[G11] commands go on before those who catch up, who would hold the socket anew", async () => {
  const { outflow, send, fetch } = openOutflow();
  const order: string[] = [];
  send(2_000);
  const caughtUp = outflow.whenReading().then(() => order.push("catching up"));
  outflow.onResume = () => void order.push(`commands, reading: ${outflow.isReading()}`);
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
  outflow.onResume = () => void (resumed += 1);
  send(2_000);
  const reads = outflow.whenReading();
  wire.close();
  outflow.look();
  outflow.look();
  await reads;
  expect(resumed).toBe(1);
  expect(outflow.isReading()).toBe(true);
});
