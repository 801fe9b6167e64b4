import { useState } from "preact/hooks";

import type { CommandOutput } from "../../client/index.ts";
import { agoOf, counted, minute } from "../parts/clock.ts";
import { Icon } from "../parts/icon.tsx";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";
import {
  actions,
  draftOf,
  emptyDraft,
  lookedFor,
  type Rule,
  type RuleDraft,
} from "./rule-draft.ts";
import { RuleEditor } from "./rule-editor.tsx";

type Hits = CommandOutput<"filter:get">["hits"][number];

/** What may not be said in a room, and what becomes of it. */
export function Filter({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const known = useAnswer(() => room.handle.call("filter:get", {}), []);
  const [editing, setEditing] = useState<{ draft: RuleDraft; old: Rule | null } | null>(null);
  const { busy, problem, attempt } = useDoing();

  /** Puts one rule in another's place; what others changed meanwhile stays. */
  const replace = (old: Rule | null, next: Rule | null) =>
    attempt(async () => {
      const { rules } = await room.handle.call("filter:get", {});
      const at = old === null ? -1 : rules.findIndex((rule) => isSame(rule, old));
      const before = rules.slice(0, at === -1 ? rules.length : at);
      const after = at === -1 ? [] : rules.slice(at + 1);
      const added = next === null ? [] : [next];
      await room.handle.call("filter:set", { rules: [...before, ...added, ...after] });
      await known.again();
      setEditing(null);
    });

  if (editing !== null) {
    return (
      <RuleEditor
        key={editing.old?.name ?? ""}
        draft={editing.draft}
        room={room}
        desk={desk}
        busy={busy}
        problem={problem}
        onSave={(rule) => void replace(editing.old, rule)}
        onCancel={() => setEditing(null)}
      />
    );
  }
  if (known.value === null) return <p class="none">{known.problem || "Looking …"}</p>;
  const { rules, hits } = known.value;
  return (
    <>
      {rules.length === 0 ? (
        <p class="none">
          There are no rules: whatever is said here is heard. A new rule can be tried on what was
          said before, and only counts until you switch it on.
        </p>
      ) : (
        <ul class="record">
          {rules.map((rule, index) => (
            <RuleLine
              key={`${index} ${rule.name}`}
              rule={rule}
              hits={hits.filter((each) => each.rule === rule.name)}
              busy={busy}
              onEdit={() => setEditing({ draft: draftOf(rule), old: rule })}
              onRemove={() => void replace(rule, null)}
              onSwitch={() => {
                const { shadow = false, ...rest } = rule;
                void replace(rule, shadow ? rest : { ...rest, shadow: true });
              }}
            />
          ))}
        </ul>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
      <div class="dialog-foot">
        <button
          type="button"
          class="primary"
          onClick={() => setEditing({ draft: emptyDraft, old: null })}
        >
          <Icon name="plus" size={18} /> New rule
        </button>
      </div>
    </>
  );
}

function RuleLine(props: {
  rule: Rule;
  hits: readonly Hits[];
  busy: boolean;
  onEdit: () => void;
  onRemove: () => void;
  onSwitch: () => void;
}) {
  const { rule, hits, busy, onEdit, onRemove, onSwitch } = props;
  const { name, shadow = false, action = "refuse" } = rule;
  return (
    <li class="rule">
      <div class="record-words">
        <p>
          <b>{name}</b>{" "}
          <span class={shadow ? "role is-off" : "role"}>{shadow ? "counts" : "on"}</span>
        </p>
        <p class="none">
          What {lookedFor(rule)} {actions[action]}.
        </p>
        <small>{hitsOf(hits)}</small>
      </div>
      <div class="line-acts">
        <button type="button" class="button" disabled={busy} onClick={onSwitch}>
          {shadow ? "Switch on" : "Only count"}
        </button>
        <button
          type="button"
          class="round quiet"
          aria-label={`Change the rule ${name}`}
          onClick={onEdit}
        >
          <Icon name="edit" size={18} />
        </button>
        <button
          type="button"
          class="round quiet danger"
          aria-label={`Remove the rule ${name}`}
          disabled={busy}
          onClick={onRemove}
        >
          <Icon name="trash" size={18} />
        </button>
      </div>
    </li>
  );
}

function hitsOf(hits: readonly Hits[]): string {
  if (hits.length === 0) return "Not met yet";
  return hits
    .map(({ hits: times, shadow, lastAt }) => {
      const how = shadow ? "counted" : "met";
      return `${counted(times, "time")} ${how}, last ${agoOf(lastAt, minute.value)}`;
    })
    .join("; ");
}

function isSame(a: Rule, b: Rule): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
