import { Refusal } from "../protocol/errors.ts";
import type { SanctionNotice } from "../protocol/shapes.ts";
import type { KnownBar } from "./postgres/bars.ts";

/** What someone is told who is banned from the platform. Null: nobody can say why just now. */
export function barredFromPlatform(bar: KnownBar | null, appeal: string): Refusal {
  const until = bar?.until ?? null;
  const why = bar === null ? "" : ` Reason: ${bar.reason}`;
  const when = until === null ? "" : ` until ${until}`;
  return new Refusal("banned", `You are banned from this platform${when}.${why} ${appeal}`, {
    ...(until === null ? {} : { retryAfterMs: Math.max(0, Date.parse(until) - Date.now()) }),
    ...(bar === null ? {} : { sanction: platformNotice(bar, appeal) }),
  });
}

/** A ban from the platform, as whoever is banned is told it. */
export function platformNotice({ reason, by, until }: KnownBar, appeal: string): SanctionNotice {
  const who = by === null ? {} : { by };
  return { kind: "ban", scope: "platform", reason, until, appeal, ...who };
}
