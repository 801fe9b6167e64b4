import type { CommandOutput } from "../protocol/commands.ts";
import { createClient, type Client, type ClientOptions } from "./client.ts";
import { callRest } from "./rest.ts";

/** A guest's client. Keep `token` and `user` to be the same guest after a page load. */
export type DroppedIn = CommandOutput<"guest:create"> & { client: Client };

/**
 * Drops in with just a name: makes a guest and connects as them.
 *
 * Throws a Refusal: `invalid` for a bad name, `rate_limited` for too many guests.
 */
export async function dropIn(
  url: string,
  displayName: string,
  options: Omit<ClientOptions, "url" | "token" | "user"> = {},
): Promise<DroppedIn> {
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  const guest = await callRest({ url, token: null, fetch }, "guest:create", { displayName });
  const client = createClient({ ...options, url, token: guest.token, user: guest.user });
  return { ...guest, client };
}
