import { expect, test } from "@jest/globals";
import { version, validate } from "uuid";

import { newClientId } from "../../client/client-id.ts";
import { ClientId } from "../../protocol/ids.ts";

test("[G4] clientIds are UUIDv7 that the wire contract takes, and no two are alike", () => {
  const now = Date.now();
  const ids = Array.from({ length: 1_000 }, () => newClientId(now));
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) {
    expect([validate(id), version(id), ClientId.parse(id)]).toEqual([true, 7, id]);
  }
});

test("a clientId begins with its time, so that ids sort as they were made", () => {
  expect(newClientId(0x0123456789ab, (bytes) => void bytes.fill(0xff))).toBe(
    "01234567-89ab-7fff-bfff-ffffffffffff",
  );
  const early = newClientId(1_700_000_000_000);
  const late = newClientId(1_700_000_000_001);
  expect(early < late).toBe(true);
});
