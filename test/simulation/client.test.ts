import { expect, test } from "@jest/globals";
import fc from "fast-check";

import { clientScript, runClients } from "./client-run.ts";
import { seed } from "./seed.ts";

test(`[G3] [G4] [G5] clients in a bad world hear every fact once and in order, and what they say is stored once and in order (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(clientScript, (script) => runClients(script)),
    { seed, numRuns: 150 },
  );
});

test("[G4] a server that forgets clientIds is found out", async () => {
  const { failed } = await fc.check(
    fc.asyncProperty(clientScript, (script) => runClients(script, { clientIds: true })),
    { seed, numRuns: 150, endOnFailure: true },
  );
  expect(failed).toBe(true);
});
