import { randomBytes } from "node:crypto";

import {
  createWebhook,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  replayDelivery,
  switchOn,
} from "../../db/postgres/webhooks.ts";
import { DeliveryId } from "../../protocol/ids.ts";
import type { RoomAct } from "./act.ts";
import { decodeIdCursor, pageOf } from "./paging.ts";

/** Begins to tell a URL of what happens in a room. Its secret is shown only now. */
export const openWebhook: RoomAct<"webhook:create"> = async (deps, call, { url, events }) => {
  const secret = `whsec_${randomBytes(24).toString("base64")}`;
  const room = call.rules.row.id;
  const by = call.caller.user.id;
  const webhook = await createWebhook(deps.stores.store, { room, url, events, secret, by });
  return { webhook, secret };
};

/** The webhooks of a room. */
export const showWebhooks: RoomAct<"webhook:list"> = async (deps, { rules }) => ({
  items: await listWebhooks(deps.stores.store, rules.row.id),
  nextCursor: null,
});

/** Ends a webhook. */
export const endWebhook: RoomAct<"webhook:remove"> = async (deps, { rules }, { id }) => {
  await removeWebhook(deps.stores.store, rules.row.id, id);
  return {};
};

/** Goes on with a webhook that was switched off. */
export const resumeWebhook: RoomAct<"webhook:switch-on"> = async (deps, { rules }, { id }) =>
  switchOn(deps.stores.store, rules.row.id, id);

/** What was sent to a webhook. */
export const showDeliveries: RoomAct<"webhook:deliveries"> = async (deps, { rules }, input) => {
  const { id: webhook, cursor, limit } = input;
  const before = decodeIdCursor(cursor, DeliveryId);
  const ask = { room: rules.row.id, webhook, before, limit: limit + 1 };
  return pageOf(await listDeliveries(deps.stores.store, ask), limit, ({ id }) => [id]);
};

/** Sends a delivery again. */
export const sendAgain: RoomAct<"webhook:replay"> = async (deps, { rules }, { id, delivery }) =>
  replayDelivery(deps.stores.store, { room: rules.row.id, webhook: id, delivery });
