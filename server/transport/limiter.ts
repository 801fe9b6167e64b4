import type { Redis } from "ioredis";
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from "rate-limiter-flexible";

import type { Rate } from "../../protocol/command.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { User } from "../../protocol/shapes.ts";
import type { Limits } from "../config.ts";

/** What is left of a limit, for the RateLimit headers. */
export interface Allowance {
  policy: string;
  limit: number;
  windowSeconds: number;
  remaining: number;
  resetSeconds: number;
}

/** Takes one from a limit. Errors: `rate_limited`. */
export interface Limiter {
  take: (rate: Rate, who: { user: User | null; ip: string }) => Promise<Allowance | null>;
  takeRequest: (ip: string) => Promise<Allowance | null>;
}

interface Bound {
  limiter: RateLimiterAbstract;
  policy: string;
  limit: number;
  windowSeconds: number;
}

/**
 * Opens the limits. What people do by the second is counted in this process: a round trip to Redis
 * would double what a message costs, and connections of one person are few. What strangers do by the
 * hour is counted in Redis, over all gateways, and in memory while Redis is away.
 */
export function openLimiter(redis: Redis, limits: Limits): Limiter {
  const shared = (policy: string, limit: number, windowSeconds: number): Bound | null =>
    Number.isFinite(limit)
      ? {
          limiter: new RateLimiterRedis({
            storeClient: redis,
            keyPrefix: `eddy:rate:${policy}`,
            points: limit,
            duration: windowSeconds,
            insuranceLimiter: new RateLimiterMemory({ points: limit, duration: windowSeconds }),
          }),
          policy,
          limit,
          windowSeconds,
        }
      : null;

  const messages = local("message", limits.messagesPerUserPer10Seconds, 10);
  const guestMessages = local("message", limits.guestMessagesPer10Seconds, 10);
  const bounds: Record<Rate, Bound | null> = {
    command: local("command", limits.commandsPerUserPerSecond, 1),
    message: messages,
    typing: local("typing", limits.typingPerUserPer10Seconds, 10),
    guest: shared("guest", limits.guestsPerIpPerHour, 3_600),
    room: shared("room", limits.roomsPerUserPerHour, 3_600),
    report: shared("report", limits.reportsPerUserPerHour, 3_600),
  };
  const requests = local("request", limits.requestsPerIpPerMinute, 60);

  return {
    take: (rate, { user, ip }) => {
      const bound = rate === "message" && user?.kind === "guest" ? guestMessages : bounds[rate];
      return takeOne(bound, rate === "guest" || user === null ? ip : user.id);
    },
    takeRequest: (ip) => takeOne(requests, ip),
  };
}

function local(policy: string, limit: number, windowSeconds: number): Bound | null {
  if (!Number.isFinite(limit)) return null;
  const limiter = new RateLimiterMemory({
    points: limit,
    duration: windowSeconds,
    keyPrefix: policy,
  });
  return { limiter, policy, limit, windowSeconds };
}

async function takeOne(bound: Bound | null, key: string): Promise<Allowance | null> {
  if (bound === null) return null;
  const { limiter, policy, limit, windowSeconds } = bound;
  try {
    const { remainingPoints, msBeforeNext } = await limiter.consume(key);
    return {
      policy,
      limit,
      windowSeconds,
      remaining: remainingPoints,
      resetSeconds: Math.ceil(msBeforeNext / 1_000),
    };
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    throw new Refusal("rate_limited", `At most ${limit} in ${windowSeconds} s (${policy}).`, {
      retryAfterMs: Math.max(1, error.msBeforeNext),
    });
  }
}
