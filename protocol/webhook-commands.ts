import * as z from "zod";

import { type Command, route } from "./command.ts";
import { factTypes } from "./facts.ts";
import { DeliveryId, RoomRef, WebhookId } from "./ids.ts";
import { after, list } from "./paged.ts";
import { Delivery, Webhook, WebhookUrl } from "./shapes.ts";

const room = { room: RoomRef };

/** Commands about those who are told of what happens in a room. */
export const webhookCommands = {
  "webhook:create": {
    summary:
      "Tell a URL of what happens in a room, signed as Standard Webhooks say. The secret is shown this once.",
    input: z.strictObject({
      ...room,
      url: WebhookUrl,
      events: z
        .array(z.enum(factTypes))
        .min(1)
        .default([...factTypes]),
    }),
    output: z.object({ webhook: Webhook, secret: z.string() }),
    who: "owner",
    rate: "command",
    socket: false,
    rest: route("POST", "/rooms/:room/webhooks", 201),
  },
  "webhook:list": {
    summary: "The webhooks of a room.",
    input: z.strictObject(room),
    output: list(Webhook),
    who: "owner",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/webhooks"),
  },
  "webhook:remove": {
    summary: "End a webhook, with what is on its way.",
    input: z.strictObject({ ...room, id: WebhookId }),
    output: z.object({}),
    who: "owner",
    rate: "command",
    socket: false,
    rest: route("DELETE", "/rooms/:room/webhooks/:id", 204),
  },
  "webhook:switch-on": {
    summary: "Go on with a webhook that was switched off, with all that happened meanwhile.",
    input: z.strictObject({ ...room, id: WebhookId }),
    output: Webhook,
    who: "owner",
    rate: "command",
    socket: false,
    rest: route("POST", "/rooms/:room/webhooks/:id/switch-on"),
  },
  "webhook:deliveries": {
    summary: "What was sent to a webhook, the newest first.",
    input: z.strictObject({ ...room, id: WebhookId, ...after }),
    output: list(Delivery),
    who: "owner",
    rate: "command",
    socket: false,
    rest: route("GET", "/rooms/:room/webhooks/:id/deliveries"),
  },
  "webhook:replay": {
    summary: "Send a delivery again, as if for the first time.",
    input: z.strictObject({ ...room, id: WebhookId, delivery: DeliveryId }),
    output: Delivery,
    who: "owner",
    rate: "command",
    socket: false,
    rest: route("POST", "/rooms/:room/webhooks/:id/deliveries/:delivery/replay"),
  },
} as const satisfies Record<string, Command>;
