import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Logger } from "pino";
import type { Registry } from "prom-client";

import { withDeadline } from "../db/deadline.ts";
import { openFilterLedger } from "../db/filter-ledger.ts";
import { openStore } from "../db/postgres/connection.ts";
import { connectRedis, connectSubscriber } from "../db/redis/connection.ts";
import { keys } from "../db/redis/keys.ts";
import { type PersonPush, readPersonPush, writePersonPush } from "../db/redis/person-line.ts";
import { createDrainHint, openQueue, queueNames } from "../db/redis/queues.ts";
import { warnSparingly } from "../db/warn-sparingly.ts";
import { Repeats } from "../filters/repeats.ts";
import { openBars } from "./auth/bars.ts";
import { openTokens } from "./auth/tokens.ts";
import { collectBacklog } from "./backlog.ts";
import { passOnStrays } from "./cluster/pass-on.ts";
import { sessionPrefix } from "./cluster/session-id.ts";
import { shareMetrics } from "./cluster/share-metrics.ts";
import { listenPrivately, takeConnections } from "./cluster/shared-port.ts";
import type { Siblings } from "./cluster/siblings.ts";
import { type Config, configReference } from "./config.ts";
import { FeedHub } from "./feed/feed-hub.ts";
import { createMetrics } from "./metrics.ts";
import type { Deps } from "./rooms/act.ts";
import { openLookups } from "./rooms/lookups.ts";
import { tellOfCase } from "./rooms/review/tell.ts";
import { RoomRulesCache } from "./rooms/room-rules.ts";
import { docsRouter } from "./transport/docs/router.ts";
import { createApp } from "./transport/http/app.ts";
import { healthRouter } from "./transport/http/health.ts";
import { pageRouter } from "./transport/http/page.ts";
import { queueBoardRouter } from "./transport/http/queue-board.ts";
import { restRouter } from "./transport/http/rest.ts";
import { openLimiter } from "./transport/limiter.ts";
import { Admission } from "./transport/sockets/admission.ts";
import { openSockets, type Sockets } from "./transport/sockets/sockets.ts";

/** A gateway that serves. */
export interface Gateway {
  /** Where it listens. */
  url: string;
  port: number;
  /** Stops without losing anything: ready no more, finishes what it began, spreads its sockets (G16). */
  stop: () => Promise<void>;
}

/** Nobody holds a line by sending slowly. Node looks every half minute by itself: that would be their real length. */
const HTTP_TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
};
/** At a stop, requests under way have this long. */
const REQUESTS_DEADLINE_MS = 3_000;
/** Whoever keeps a connection has this long to use it once more, and to be told that it ends. */
const GOODBYE_MS = 2_000;
/** Enough for all lookups to go together; few enough for their pages to fit in memory. */
const ENTERINGS_AT_ONCE = 256;
/** Postgres connections of one gateway. */
const POSTGRES_CONNECTIONS = 8;

/**
 * Starts a gateway, alone on its port or with siblings, and resolves when it serves. Errors: when a
 * store cannot be reached.
 */
export async function startGateway(
  config: Config,
  log: Logger,
  siblings: Siblings | null = null,
): Promise<Gateway> {
  const onError = (error: Error) => log.warn({ err: error }, "a connection has trouble");
  const redisOptions = (name: string) => ({ url: config.redisUrl, name: `eddy-${name}`, onError });
  const link = await connectRedis(redisOptions("gateway"));
  const [subscriber, queueConnection] = await Promise.all([
    connectSubscriber(redisOptions("feed")),
    connectSubscriber(redisOptions("queues")),
  ]);
  const store = openStore({
    url: config.databaseUrl,
    name: "eddy-gateway",
    connections: POSTGRES_CONNECTIONS,
  });
  const stores = { link, store };
  const metrics = createMetrics();
  collectBacklog(metrics.registry, link);
  const ending: Pick<Sockets, "endSessions">[] = [];
  const bars = await openBars({
    store,
    appeal: config.appeal,
    now: Date.now,
    onBarred: (user, push) => {
      for (const { endSessions } of ending) endSessions(user, push);
    },
    onError: warnSparingly(log, "who is barred is not known anew"),
  });
  const tokens = await openTokens({
    bars,
    store,
    secret: config.authJwtSecret,
    jwksUrl: config.authJwksUrl,
    issuer: config.authIssuer,
    audience: config.authAudience,
    now: Date.now,
  });
  const hint = createDrainHint(queueConnection, onError);
  const rules = new RoomRulesCache(stores);
  const tellPerson: Deps["tellPerson"] = (user, name, data) => {
    const message = writePersonPush({ user, name, data } as PersonPush);
    link.redis.publish(keys.people, message).catch(onError);
  };
  const ledger = openFilterLedger(store, {
    opened: (room, id) =>
      void tellOfCase({ stores, tellPerson }, { room, id, kind: "message", change: "opened" }),
    trouble: (error) => log.warn({ err: error }, "the filters' ledger has trouble"),
  });
  const publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
  const deps: Deps = {
    stores,
    rules,
    lookups: openLookups(stores),
    hint,
    ledger,
    repeats: new Repeats(),
    unstoredCap: config.unstoredCap,
    now: Date.now,
    mintGuestToken: tokens.mintGuest,
    publicUrl,
    appeal: config.appeal,
    onProfile: tokens.noteProfile,
    tellPerson,
    onAccepted: () => metrics.accepted.inc(),
  };
  const limiter = openLimiter(link.redis, config.limits);

  let draining = false;
  // With siblings no new connection comes here any more, and on one that is kept whoever asked just
  // before the stop is answered once more: nobody need be told to go elsewhere.
  const isDraining = () => draining && siblings === null;
  const board =
    config.adminToken === undefined
      ? null
      : Object.values(queueNames).map((name) => openQueue(name, queueConnection));
  const app = createApp({
    allowedOrigins: config.allowedOrigins,
    trustProxyHops: config.trustProxyHops,
    log,
    rest: restRouter({
      deps,
      tokens,
      limiter,
      metrics,
      trustProxyHops: config.trustProxyHops,
      isDraining,
    }),
    health: healthRouter({ stores, metrics, isDraining }),
    docs: docsRouter({ configReference, publicUrl }),
    page: pageRouter(deps, config.allowedOrigins),
    queueBoard:
      board === null || config.adminToken === undefined
        ? null
        : queueBoardRouter(board, config.adminToken),
  });
  const http = createServer(HTTP_TIMEOUTS, app);
  const prefix = siblings === null ? null : sessionPrefix(siblings.name);
  const sockets = openSockets({ http, config, metrics, log, sessionPrefix: prefix });
  ending.push(sockets);
  subscriber.on("message", (channel: string, message: string) => {
    if (channel === keys.control) void bars.look();
    const push = channel === keys.people ? readPersonPush(message) : null;
    if (push !== null) sockets.tellPerson(push);
  });
  await subscriber.subscribe(keys.people, keys.control);
  const hub = new FeedHub({
    stores,
    subscriber,
    emit: sockets.emit,
    appeal: config.appeal,
    onRulesChanged: (room) => {
      rules.reload(room).catch((error: unknown) => log.warn({ err: error }, "rules not reloaded"));
    },
    onDelivered: (facts, receivers) => {
      metrics.roomsLive.set(hub.liveRooms);
      metrics.delivered.inc(facts.length * receivers);
      const last = facts.at(-1);
      if (last !== undefined && receivers > 0) {
        metrics.deliverySeconds.observe(Math.max(0, Date.now() - Date.parse(last.at)) / 1_000);
      }
    },
    onGap: () => metrics.gapRepairs.inc(),
    onReset: () => metrics.resets.inc(),
    onError: warnSparingly(log, "a feed has trouble"),
    now: Date.now,
    random: Math.random,
  });
  const admission = new Admission({
    atOnce: ENTERINGS_AT_ONCE,
    mostWaiting: config.limits.enteringsWaiting,
    now: () => performance.now(),
    random: Math.random,
  });
  sockets.serve({ deps, hub, tokens, limiter, admission });

  const { port, leave } =
    siblings === null
      ? await listenAlone(http, config.port)
      : await listenTogether(http, { port: config.port, registry: metrics.registry, siblings });
  const url = config.publicUrl ?? `http://localhost:${port}`;
  log.info({ port, gateway: siblings?.name }, "gateway serves");

  return {
    url,
    port,
    stop: async () => {
      draining = true;
      bars.close();
      const left = leave();
      await Promise.all([sockets.drain(), withDeadline(left, GOODBYE_MS)]);
      hub.close();
      // Requests that were begun are answered; a client that does not read its answer is not waited for.
      await withDeadline(Promise.all([sockets.close(), left]), REQUESTS_DEADLINE_MS);
      http.closeAllConnections();
      const closing = [hint, ...(board ?? []), ledger].map((one) => one.close());
      await Promise.allSettled(closing);
      for (const redis of [subscriber, queueConnection]) redis.disconnect();
      link.close();
      await store.close();
      log.info("gateway stopped");
    },
  };
}

/** Where a gateway takes connections; after `leave` it takes no more, where others do instead. */
interface Listening {
  port: number;
  leave: () => Promise<void>;
}

/** It takes them to the end, to answer that it stops: there is nobody else. */
async function listenAlone(http: Server, wanted: number): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(wanted, resolve);
  });
  const { port } = http.address() as AddressInfo;
  return { port, leave: async () => {} };
}

/** What comes to the port is shared out among those who listen there. */
async function listenTogether(
  http: Server,
  { port, registry, siblings }: { port: number; registry: Registry; siblings: Siblings },
): Promise<Listening> {
  const privatePort = await listenPrivately(http);
  passOnStrays(http, siblings);
  shareMetrics(http, { registry, siblings, privatePort });
  const { leave } = takeConnections(http, siblings);
  await siblings.join(privatePort);
  return { port, leave };
}
