import { expect, test } from "@jest/globals";

import { PROTOCOL_VERSION, SCHEMA_HASH } from "../../protocol/version.ts";
import { schemaHash } from "../../server/transport/docs/schema-hash.ts";

test("the wire is the one that protocol/version.ts names", () => {
  expect(whatToDo(schemaHash())).toBe("nothing");
});

test("the hash of the wire does not depend on when it is taken", () => {
  expect(schemaHash()).toMatch(/^[0-9a-f]{64}$/u);
  expect(schemaHash()).toBe(schemaHash());
});

/** What the failure shows to whoever changed the wire. */
function whatToDo(hash: string): string {
  if (hash === SCHEMA_HASH) return "nothing";
  return [
    `The wire changed, but protocol/version.ts still says ${PROTOCOL_VERSION}. There:`,
    "1. bump PROTOCOL_VERSION: the minor for additions that old clients may ignore, else the major;",
    `2. set SCHEMA_HASH to "${hash}".`,
  ].join("\n");
}
