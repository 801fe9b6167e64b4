import express, { Router } from "express";
import * as z from "zod";

import { writePart } from "../../../db/postgres/imports.ts";
import { Refusal } from "../../../protocol/errors.ts";
import { ImportId } from "../../../protocol/ids.ts";
import { MAX_IMPORT_BYTES, MAX_IMPORT_PART_BYTES } from "../../../protocol/limits.ts";
import type { Tokens } from "../../auth/tokens.ts";
import type { Deps } from "../../rooms/act.ts";
import { administrator } from "../../rooms/bring-history.ts";
import { callerOf } from "./rest-caller.ts";

const Place = z.object({
  id: ImportId,
  part: z.coerce
    .number()
    .int()
    .min(1)
    .max(Math.ceil(MAX_IMPORT_BYTES / MAX_IMPORT_PART_BYTES)),
});

/**
 * `PUT /imports/:id/parts/:part`: a piece of the file, as bytes. It is outside of the command table, whose
 * inputs are JSON. A part that is sent again replaces itself, so an upload goes on after any break.
 */
export function importPartsRouter({ tokens, deps }: { tokens: Tokens; deps: Deps }): Router {
  const router = Router({ caseSensitive: true });
  router.put("/imports/:id/parts/:part", async (request, response, next) => {
    // Before a byte of it is read.
    administrator(await callerOf(tokens, request, "signed-in"));
    next();
  });
  router.put(
    "/imports/:id/parts/:part",
    express.raw({ type: () => true, limit: MAX_IMPORT_PART_BYTES }),
    async (request, response) => {
      const place = Place.safeParse(request.params);
      if (!place.success)
        throw new Refusal("not_found", "There is no such import, or no such part.");
      const bytes: unknown = request.body;
      if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
        throw new Refusal("invalid", "A part is 1 byte at least.", {
          issues: [{ path: "", message: "Empty" }],
        });
      }
      await writePart(deps.stores.store, place.data.id, place.data.part, bytes);
      response.status(204).end();
    },
  );
  return router;
}
