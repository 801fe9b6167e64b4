import { v7 as uuidv7 } from "uuid";

import { Refusal } from "../../protocol/errors.ts";
import type { Fact } from "../../protocol/facts.ts";
import type { DeliveryId, RoomId, UserId, WebhookId } from "../../protocol/ids.ts";
import { MAX_WEBHOOKS } from "../../protocol/limits.ts";
import type { Delivery, Webhook } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { readStoredFacts } from "./facts.ts";

interface WebhookRow {
  id: WebhookId;
  url: string;
  events: string[];
  created_at: string;
  off_at: string | null;
  off_reason: string | null;
}

/** Begins a webhook behind what is stored of its room. Errors: `conflict` when it has as many as it may. */
export async function createWebhook(
  { sql }: Store,
  wanted: { room: RoomId; url: string; events: string[]; secret: string; by: UserId },
): Promise<Webhook> {
  const { room, url, events, secret, by } = wanted;
  return sql.begin(async (tx) => {
    const [state] = await tx<{ stored_seq: number; webhooks: number }[]>`
      SELECT stored_seq, (SELECT count(*)::int FROM webhooks WHERE room_id = ${room}) AS webhooks
      FROM rooms WHERE id = ${room} FOR UPDATE`;
    if ((state?.webhooks ?? 0) >= MAX_WEBHOOKS) {
      throw new Refusal("conflict", `A room has ${MAX_WEBHOOKS} webhooks at most.`);
    }
    const [row] = await tx<WebhookRow[]>`
      INSERT INTO webhooks (id, room_id, url, secret, events, created_by, seen_seq)
      VALUES (${uuidv7()}, ${room}, ${url}, ${secret}, ${events}::text[], ${by}, ${state?.stored_seq ?? 0})
      RETURNING *`;
    return webhookOf(required(row));
  });
}

/** The webhooks of a room, the oldest first. */
export async function listWebhooks({ sql }: Store, room: RoomId): Promise<Webhook[]> {
  const rows = await sql<WebhookRow[]>`SELECT * FROM webhooks WHERE room_id = ${room} ORDER BY id`;
  return rows.map(webhookOf);
}

/** Ends a webhook. Errors: `not_found`. */
export async function removeWebhook({ sql }: Store, room: RoomId, id: WebhookId): Promise<void> {
  const [row] = await sql<WebhookRow[]>`
    DELETE FROM webhooks WHERE id = ${id} AND room_id = ${room} RETURNING *`;
  required(row);
}

/** Switches a webhook on again. Errors: `not_found`. */
export async function switchOn({ sql }: Store, room: RoomId, id: WebhookId): Promise<Webhook> {
  const [row] = await sql<WebhookRow[]>`
    UPDATE webhooks SET off_at = NULL, off_reason = NULL WHERE id = ${id} AND room_id = ${room} RETURNING *`;
  return webhookOf(required(row));
}

interface DeliveryRow {
  id: DeliveryId;
  seq: number;
  event: string;
  state: Delivery["state"];
  attempts: number;
  status: number | null;
  error: string | null;
  created_at: string;
  next_at: string;
}

/** What was sent to a webhook, the newest first. Errors: `not_found`. */
export async function listDeliveries(
  { sql }: Store,
  ask: { room: RoomId; webhook: WebhookId; before: DeliveryId | null; limit: number },
): Promise<Delivery[]> {
  const { room, webhook, before, limit } = ask;
  required((await sql`SELECT id FROM webhooks WHERE id = ${webhook} AND room_id = ${room}`)[0]);
  const rows = await sql<DeliveryRow[]>`
    SELECT * FROM webhook_deliveries
    WHERE webhook_id = ${webhook} AND (${before}::uuid IS NULL OR id < ${before}::uuid)
    ORDER BY id DESC LIMIT ${limit}`;
  return rows.map(deliveryOf);
}

/** Lets a delivery begin anew. Errors: `not_found`. */
export async function replayDelivery(
  { sql }: Store,
  on: { room: RoomId; webhook: WebhookId; delivery: DeliveryId },
): Promise<Delivery> {
  const [row] = await sql<DeliveryRow[]>`
    UPDATE webhook_deliveries d SET state = 'pending', attempts = 0, next_at = clock_timestamp(), ended_at = NULL
    FROM webhooks w
    WHERE d.id = ${on.delivery} AND w.id = ${on.webhook} AND d.webhook_id = w.id AND w.room_id = ${on.room}
    RETURNING d.*`;
  return deliveryOf(required(row));
}

/** Facts that one webhook looks at in one transaction. */
const FACTS_AT_ONCE = 1_000;

/**
 * Makes deliveries of what was stored since the webhooks looked last, each fact once: a webhook's mark moves
 * in the transaction that writes them. Answers whether there may be more.
 */
export async function takeEvents({ sql }: Store): Promise<boolean> {
  return sql.begin(async (tx) => {
    const behind = await tx<
      { id: WebhookId; room_id: RoomId; events: string[]; seen_seq: number }[]
    >`
      SELECT w.id, w.room_id, w.events, w.seen_seq FROM webhooks w JOIN rooms r ON r.id = w.room_id
      WHERE w.off_at IS NULL AND w.seen_seq < r.stored_seq ORDER BY w.id LIMIT 100
      FOR UPDATE OF w SKIP LOCKED`;
    let more = false;
    for (const { id, room_id: room, events, seen_seq: seen } of behind) {
      const facts = await tx<{ seq: number; type: string }[]>`
        SELECT seq, type FROM facts WHERE room_id = ${room} AND seq > ${seen} ORDER BY seq LIMIT ${FACTS_AT_ONCE}`;
      const wanted = facts.filter(({ type }) => events.includes(type));
      await tx`
        INSERT INTO webhook_deliveries (id, webhook_id, seq, event)
        SELECT d.id, ${id}, d.seq, d.event FROM unnest(
          ${wanted.map(() => uuidv7())}::uuid[], ${wanted.map(({ seq }) => seq)}::bigint[],
          ${wanted.map(({ type }) => type)}::text[]) AS d (id, seq, event)`;
      await tx`UPDATE webhooks SET seen_seq = ${facts.at(-1)?.seq ?? seen} WHERE id = ${id}`;
      more ||= facts.length === FACTS_AT_ONCE;
    }
    return more || behind.length === 100;
  });
}

/** Deliveries whose time has come, the oldest first. */
export async function dueDeliveries(
  { sql }: Store,
  limit: number,
): Promise<{ id: DeliveryId; attempts: number }[]> {
  return sql<{ id: DeliveryId; attempts: number }[]>`
    SELECT d.id, d.attempts FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
    WHERE d.state = 'pending' AND d.next_at <= clock_timestamp() AND w.off_at IS NULL
    ORDER BY d.next_at LIMIT ${limit}`;
}

/** A delivery with all that is sent. */
export interface Dispatch {
  id: DeliveryId;
  attempts: number;
  webhook: WebhookId;
  url: string;
  secret: string;
  room: { id: RoomId; slug: string };
  fact: Fact;
}

/** What a delivery sends, as it is now; null when it has ended, or its webhook is off. */
export async function readDispatch({ sql }: Store, id: DeliveryId): Promise<Dispatch | null> {
  const [row] = await sql<
    {
      attempts: number;
      seq: number;
      webhook: WebhookId;
      url: string;
      secret: string;
      room: RoomId;
      slug: string;
    }[]
  >`
    SELECT d.attempts, d.seq, w.id AS webhook, w.url, w.secret, r.id AS room, r.slug
    FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id JOIN rooms r ON r.id = w.room_id
    WHERE d.id = ${id} AND d.state = 'pending' AND w.off_at IS NULL`;
  if (row === undefined) return null;
  const { attempts, seq, webhook, url, secret, room, slug } = row;
  const ask = { room, after: seq - 1, upTo: seq, limit: 1, newestFirst: false };
  const [stored] = await readStoredFacts(sql, ask);
  if (stored === undefined) return null;
  return { id, attempts, webhook, url, secret, room: { id: room, slug }, fact: stored.fact };
}

/** How an attempt went. */
export interface Outcome {
  state: Delivery["state"];
  status: number | null;
  error: string | null;
  /** When it is tried again (ms from now); null when it has ended. */
  againInMs: number | null;
}

/** Notes how an attempt went; nothing when another one was noted meanwhile. */
export async function noteAttempt(
  { sql }: Store,
  { id, attempts }: Pick<Dispatch, "id" | "attempts">,
  { state, status, error, againInMs }: Outcome,
): Promise<void> {
  await sql`
    UPDATE webhook_deliveries SET state = ${state}, attempts = ${attempts + 1}, status = ${status}, error = ${error},
      next_at = clock_timestamp() + ${againInMs ?? 0} * interval '1 millisecond',
      ended_at = CASE WHEN ${state} = 'pending' THEN NULL ELSE clock_timestamp() END
    WHERE id = ${id} AND attempts = ${attempts} AND state = 'pending'`;
}

/**
 * Switches a webhook off when it is gone for good, or when a delivery failed for good and none has come
 * through since that one was made.
 */
export async function switchOff(
  { sql }: Store,
  on: { webhook: WebhookId; delivery: DeliveryId; reason: string; isGone: boolean },
): Promise<void> {
  await sql`
    UPDATE webhooks w SET off_at = clock_timestamp(), off_reason = ${on.reason}
    WHERE w.id = ${on.webhook} AND w.off_at IS NULL AND (${on.isGone} OR NOT EXISTS (
      SELECT 1 FROM webhook_deliveries d JOIN webhook_deliveries failed ON failed.id = ${on.delivery}
      WHERE d.webhook_id = w.id AND d.state = 'delivered' AND d.ended_at > failed.created_at))`;
}

/** Forgets deliveries that ended so long ago (days). */
export async function forgetDeliveries({ sql }: Store, days: number): Promise<void> {
  await sql`
    DELETE FROM webhook_deliveries WHERE id IN (
      SELECT id FROM webhook_deliveries
      WHERE state <> 'pending' AND created_at < now() - ${days} * interval '1 day' LIMIT 1000)`;
}

function webhookOf(row: WebhookRow): Webhook {
  const { id, url, events, created_at: createdAt, off_at: offAt, off_reason: reason } = row;
  return {
    id,
    url,
    events,
    createdAt: new Date(createdAt).toISOString(),
    off: offAt === null ? null : { at: new Date(offAt).toISOString(), reason: reason ?? "" },
  };
}

function deliveryOf(row: DeliveryRow): Delivery {
  const { id, seq, event, state, attempts, status, error } = row;
  const createdAt = new Date(row.created_at).toISOString();
  const nextAt = state === "pending" ? new Date(row.next_at).toISOString() : null;
  return { id, seq, event, state, attempts, status, error, createdAt, nextAt };
}

function required<T>(row: T | undefined): T {
  if (row === undefined) throw new Refusal("not_found", "There is no such webhook, or delivery.");
  return row;
}
