import * as z from "zod";

import { type Command, route } from "./command.ts";
import { ErasureId, SanctionId, UserId } from "./ids.ts";
import { after, list } from "./paged.ts";
import { Erasure, PlatformBan } from "./shapes.ts";
import { Line } from "./text.ts";

const common = { who: "signed-in", rate: "command", socket: false } as const;
/** It cannot be undone: a request by mistake must not be one. */
const confirm = { confirm: z.literal("erase") };

/** Commands about being on the platform at all: bans from it, and being forgotten. */
export const privacyCommands = {
  "platform-ban:create": {
    ...common,
    summary:
      "Ban someone from the whole platform: for its administrators. In force with the next message on every gateway; their sockets are closed within a second.",
    input: z.strictObject({
      user: UserId,
      seconds: z.int().min(1).max(31_536_000).optional(),
      reason: Line,
    }),
    output: PlatformBan,
    rest: route("POST", "/platform/bans", 201),
  },
  "platform-ban:list": {
    ...common,
    summary: "Bans from the platform, the newest first: for its administrators.",
    input: z.strictObject({ ...after }),
    output: list(PlatformBan),
    rest: route("GET", "/platform/bans"),
  },
  "platform-ban:lift": {
    ...common,
    summary: "End a ban from the platform: for its administrators.",
    input: z.strictObject({ id: SanctionId, reason: Line.optional() }),
    output: z.object({}),
    rest: route("DELETE", "/platform/bans/:id", 204),
  },
  "me:erase": {
    ...common,
    summary:
      "Erase me: my sessions end now, and all that I said and am known by is erased everywhere, in the background. It cannot be undone.",
    input: z.strictObject(confirm),
    output: Erasure,
    rest: route("DELETE", "/me"),
  },
  "user:erase": {
    ...common,
    summary: "Erase someone: for platform administrators.",
    input: z.strictObject({ user: UserId, ...confirm }),
    output: Erasure,
    rest: route("DELETE", "/users/:user"),
  },
  "erasure:get": {
    ...common,
    who: "anyone",
    summary:
      "How far an erasing is. Whoever asked for it has no session any more; its id is enough.",
    input: z.strictObject({ id: ErasureId }),
    output: Erasure,
    rest: route("GET", "/erasures/:id"),
  },
} as const satisfies Record<string, Command>;
