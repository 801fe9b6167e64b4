import type { FilterHit } from "../../db/filter-ledger.ts";
import { appendAudit } from "../../db/postgres/audit.ts";
import { holdMessage } from "../../db/postgres/cases.ts";
import type { FilterVerdict } from "../../filters/compile-filter.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Draft } from "../../protocol/facts.ts";
import { EDDY } from "../../protocol/ids.ts";
import type { FilterRule } from "../../protocol/shapes.ts";
import type { Deps, RoomCall } from "./act.ts";
import { imposeSanction } from "./impose-sanction.ts";
import { roleOfNewcomer } from "./policy.ts";
import { tellOfCase } from "./review/tell.ts";

type Where = Pick<RoomCall, "caller" | "rules" | "rank">;

/** What a room's rules make of what someone wants to say. */
export function judgeSpeech(
  deps: Deps,
  { caller, rules, rank }: Where,
  { text, draft }: { text: string; draft: Draft },
): FilterVerdict {
  const where = { room: rules.row.id, user: caller.user.id };
  // An edit is no send of its own; the same text in it again is what it was.
  const send = draft.type === "message.sent" ? draft.clientId : "";
  const now = deps.now();
  return rules.filter({
    text,
    role: rank ?? roleOfNewcomer(caller.user.kind),
    saidBefore: (folded, seconds) => {
      const before = deps.repeats.count(where, { folded, send, seconds, now });
      if (send !== "") deps.repeats.note(where, { folded, send, atMs: now });
      return before;
    },
  });
}

/** Notes what came of the rules for a message that passed them. */
export function noteRules(
  deps: Deps,
  { caller, rules }: Where,
  { alerts, shadows }: FilterVerdict,
  said: { seq: number; text: string } | null,
): void {
  const hit = (outcome: FilterHit["outcome"]) => (rule: FilterRule) => ({
    room: rules.row.id,
    author: caller.user.id,
    rule: rule.name,
    outcome,
    at: new Date(deps.now()).toISOString(),
    ...(said === null ? {} : { seq: said.seq }),
  });
  const called =
    said === null ? [] : alerts.map((rule) => ({ ...hit("alert")(rule), text: said.text }));
  deps.ledger.note([...called, ...shadows.map(hit("shadow"))]);
}

/** Does what a rule says with a message that did not pass it, and answers what its author is told. */
export async function stopSpeech(
  deps: Deps,
  call: Where,
  rule: FilterRule,
  draft: Draft,
): Promise<Refusal> {
  const { caller, rules } = call;
  const room = rules.row.id;
  const author = caller.user.id;
  const at = new Date(deps.now()).toISOString();
  // An edit cannot wait for a moderator: what it would change stands meanwhile.
  if (rule.action === "hold" && draft.type === "message.sent" && draft.text !== undefined) {
    const { clientId, text, replyTo } = draft;
    const id = await deps.stores.store.sql.begin(async (tx) => {
      const held = await holdMessage(tx, {
        room,
        author,
        clientId,
        text,
        replyTo,
        rule: rule.name,
        at,
      });
      const deed = { at, actor: EDDY, action: "filter.hold", target: author, rule: rule.name };
      if (held !== null) await appendAudit(tx, room, [deed]);
      return held;
    });
    if (id !== null) await tellOfCase(deps, { room, id, kind: "held", change: "opened" });
    return new Refusal(
      "filtered",
      `The room's rule "${rule.name}" holds it back until a moderator has looked at it.`,
    );
  }
  const muted = rule.action === "mute" && rule.muteSeconds !== undefined;
  deps.ledger.note([{ room, author, rule: rule.name, outcome: muted ? "mute" : "refuse", at }]);
  if (!muted) return new Refusal("filtered", `The room's rule "${rule.name}" refused it.`);
  const { until } = await imposeSanction(deps, room, {
    user: author,
    kind: "mute",
    seconds: rule.muteSeconds,
    reason: `The room's rule "${rule.name}".`,
    by: { id: EDDY, name: "Eddy" },
    rule: rule.name,
  });
  return new Refusal(
    "filtered",
    `The room's rule "${rule.name}" refused it, and mutes you until ${until ?? "further notice"}.`,
  );
}
