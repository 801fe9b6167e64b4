import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

import { useAgent as agentFor } from "request-filtering-agent";
import { Webhook } from "standardwebhooks";

import type { Store } from "../../db/postgres/connection.ts";
import { type Dispatch, noteAttempt, readDispatch, switchOff } from "../../db/postgres/webhooks.ts";
import type { DeliveryId } from "../../protocol/ids.ts";

/** How webhooks are sent. */
export interface DeliveryOptions {
  /** Waits before each further attempt (ms); after the last one a delivery has failed. */
  retriesMs: readonly number[];
  /** Whether they may go to private addresses: whoever sets one up would reach what only servers reach. */
  privateAddresses: boolean;
}

const TIMEOUT_MS = 15_000;
/** Attempts of many deliveries must not fall together again. */
const JITTER = 0.2;
const GONE = 410;

/** Tries once to bring a delivery to its webhook, and notes how it went. */
export async function deliver(
  store: Store,
  id: DeliveryId,
  options: DeliveryOptions,
): Promise<void> {
  const dispatch = await readDispatch(store, id);
  if (dispatch === null) return;
  const { status, error } = await post(dispatch, options);
  if (status !== null && status >= 200 && status < 300) {
    return noteAttempt(store, dispatch, { state: "delivered", status, error, againInMs: null });
  }
  const waitMs = options.retriesMs[dispatch.attempts];
  const isGone = status === GONE;
  const isOver = waitMs === undefined || isGone;
  await noteAttempt(store, dispatch, {
    state: isOver ? "failed" : "pending",
    status,
    error: error ?? `It answered ${status}.`,
    againInMs: isOver ? null : waitMs * (1 - JITTER + 2 * JITTER * Math.random()),
  });
  if (!isOver) return;
  const reason = isGone
    ? "It answered 410: gone for good."
    : `Nothing came through: ${error ?? status}.`;
  await switchOff(store, { webhook: dispatch.webhook, delivery: id, reason, isGone });
}

/** Sends a fact, signed as Standard Webhooks say (standardwebhooks.com, 1.0). Redirects are not followed. */
function post(dispatch: Dispatch, { privateAddresses }: DeliveryOptions) {
  const { id, url, secret, room, fact } = dispatch;
  const body = JSON.stringify({ type: fact.type, timestamp: fact.at, data: { room, fact } });
  const now = new Date();
  const headers = {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    "User-Agent": "Eddy",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, now, body),
  };
  const start = url.startsWith("https:") ? requestHttps : requestHttp;
  return new Promise<{ status: number | null; error: string | null }>((resolve) => {
    const failed = (error: Error) => resolve({ status: null, error: error.message });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const agent = agentFor(url, { allowPrivateIPAddress: privateAddresses });
      const sending = start(url, { method: "POST", headers, agent, signal }, (response) => {
        // What it answers is of no interest, however long it is.
        response.destroy();
        resolve({ status: response.statusCode ?? null, error: null });
      });
      sending.once("error", failed);
      sending.end(body);
    } catch (error) {
      // The agent refuses addresses in a URL before anything is sent.
      failed(error as Error);
    }
  });
}
