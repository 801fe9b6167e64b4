import * as z from "zod";

import { DEFAULT_PAGE_ITEMS, MAX_PAGE_ITEMS } from "./limits.ts";

/** How many items of a list are asked for. */
export const itemLimit = z.int().min(1).max(MAX_PAGE_ITEMS).default(DEFAULT_PAGE_ITEMS);

/** What every list takes: where to go on, and how many. */
export const after = { cursor: z.string().max(200).optional(), limit: itemLimit };

/** What every list answers. */
export const list = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
