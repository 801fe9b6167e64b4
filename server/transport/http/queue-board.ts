import { timingSafeEqual } from "node:crypto";

import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import type { Queue } from "bullmq";
import { type RequestHandler, Router } from "express";

const QUEUE_BOARD_PATH = "/queues";

/** Bull Board behind the admin token: as the password of any name, or as a bearer token. */
export function queueBoardRouter(queues: Queue[], adminToken: string): Router {
  const router = Router();
  const adapter = new ExpressAdapter();
  adapter.setBasePath(QUEUE_BOARD_PATH);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
  });
  router.use(QUEUE_BOARD_PATH, requireToken(adminToken), adapter.getRouter() as RequestHandler);
  return router;
}

function requireToken(adminToken: string): RequestHandler {
  return (request, response, next) => {
    const [scheme = "", value = ""] = (request.get("Authorization") ?? "").split(" ");
    const given =
      scheme.toLowerCase() === "basic"
        ? Buffer.from(value, "base64").toString().split(":").slice(1).join(":")
        : value;
    if (isSame(given, adminToken)) {
      next();
      return;
    }
    response.setHeader("WWW-Authenticate", 'Basic realm="Eddy operators", charset="UTF-8"');
    response.status(401).type("text/plain").send("Operators only: the password is ADMIN_TOKEN.\n");
  };
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
