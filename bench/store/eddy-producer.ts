import { connectRedis } from "../../db/redis/connection.ts";
import { createDrainHint } from "../../db/redis/queues.ts";
import { appendMessage } from "../append-message.ts";
import { serveProducer } from "./producer.ts";

// What a gateway does with a message once it is allowed: append it, hint that there is one.
const url = process.env["REDIS_URL"] ?? "";
const link = await connectRedis({ url, name: "bench-producer", onError: console.error });
const hint = createDrainHint(link.redis, console.error);
serveProducer(async (message) => {
  await appendMessage(link, message);
  hint.nudge();
});
