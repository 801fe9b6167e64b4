import { useState } from "preact/hooks";

import { MAX_LINE_CODE_POINTS, MAX_TITLE_CODE_POINTS, type Role } from "../../client/index.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { DryRun } from "./dry-run.tsx";
import {
  actions,
  kinds,
  ruleOf,
  type Action,
  type Kind,
  type Rule,
  type RuleDraft,
} from "./rule-draft.ts";

const everyone: readonly Role[] = ["guest", "member", "moderator", "owner"];

/** A rule while it is being written, and a trial of it. */
export function RuleEditor(props: {
  draft: RuleDraft;
  room: OpenRoom;
  desk: Desk;
  busy: boolean;
  problem: string;
  onSave: (rule: Rule) => void;
  onCancel: () => void;
}) {
  const { room, desk, busy, problem, onSave, onCancel } = props;
  const [draft, setDraft] = useState(props.draft);
  const change = (part: Partial<RuleDraft>) => setDraft({ ...draft, ...part });
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        onSave(ruleOf(draft));
      }}
    >
      <div class="field-row">
        <label class="field">
          <span>What it looks for</span>
          <select
            value={draft.kind}
            onChange={(event) => change({ kind: event.currentTarget.value as Kind })}
          >
            {kinds.map(([kind, label]) => (
              <option key={kind} value={kind}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>
            Name <small>who is refused reads it</small>
          </span>
          <input
            name="rule-name"
            maxLength={MAX_TITLE_CODE_POINTS}
            value={draft.name}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
        </label>
      </div>
      <Matcher draft={draft} change={change} />
      <div class="field-row">
        <label class="field">
          <span>What it meets</span>
          <select
            value={draft.action}
            onChange={(event) => change({ action: event.currentTarget.value as Action })}
          >
            {Object.entries(actions).map(([action, label]) => (
              <option key={action} value={action}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {draft.action === "mute" && (
          <NumberField
            label="Muted for, in minutes"
            value={draft.muteMinutes}
            most={525_600}
            onChange={(muteMinutes) => change({ muteMinutes })}
          />
        )}
      </div>
      <fieldset class="choices in-a-row">
        <legend>Not for</legend>
        {everyone.map((role) => (
          <label key={role} class="choice">
            <input
              type="checkbox"
              checked={draft.exempt.includes(role)}
              onChange={({ currentTarget: { checked } }) =>
                change({
                  exempt: everyone.filter((each) =>
                    each === role ? checked : draft.exempt.includes(each),
                  ),
                })
              }
            />
            <span>{role}s</span>
          </label>
        ))}
      </fieldset>
      <label class="choice">
        <input
          type="checkbox"
          checked={draft.shadow}
          onChange={(event) => change({ shadow: event.currentTarget.checked })}
        />
        <span>
          <b>Only count</b>
          <small>Nobody notices anything; you see how often it would have acted.</small>
        </span>
      </label>
      <DryRun draft={draft} room={room} desk={desk} />
      <p class="problem" role="alert">
        {problem}
      </p>
      <div class="dialog-foot">
        <button type="button" class="quiet" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={busy}>
          {draft.shadow ? "Save, and count" : "Save, and switch on"}
        </button>
      </div>
    </form>
  );
}

interface MatcherProps {
  draft: RuleDraft;
  change: (part: Partial<RuleDraft>) => void;
}

function Matcher({ draft, change }: MatcherProps) {
  switch (draft.kind) {
    case "phrase":
      return (
        <label class="field">
          <span>
            Words <small>whole words; * stands for any letters, disguises do not help</small>
          </span>
          <input
            name="phrase"
            maxLength={MAX_LINE_CODE_POINTS}
            value={draft.phrase}
            onInput={(event) => change({ phrase: event.currentTarget.value })}
          />
        </label>
      );
    case "regex":
      return (
        <label class="field">
          <span>
            Pattern <small>a regular expression, without look-around</small>
          </span>
          <input
            name="regex"
            class="is-code"
            spellcheck={false}
            maxLength={MAX_LINE_CODE_POINTS}
            value={draft.regex}
            onInput={(event) => change({ regex: event.currentTarget.value })}
          />
        </label>
      );
    case "links":
      return <Sites draft={draft} change={change} />;
    case "invites":
      return <p class="none">Links that invite to other chats.</p>;
    case "mentions":
      return (
        <NumberField
          label="More names in one message than"
          value={draft.mentions}
          least={0}
          most={100}
          onChange={(mentions) => change({ mentions })}
        />
      );
    case "caps":
      return (
        <div class="field-row">
          <NumberField
            label="Capitals, in percent"
            value={draft.percent}
            most={100}
            onChange={(percent) => change({ percent })}
          />
          <NumberField
            label="Of at least so many letters"
            value={draft.letters}
            most={4_000}
            onChange={(letters) => change({ letters })}
          />
        </div>
      );
    case "repeats":
      return (
        <div class="field-row">
          <NumberField
            label="The same, so many times"
            value={draft.times}
            most={20}
            onChange={(times) => change({ times })}
          />
          <NumberField
            label="Within so many seconds"
            value={draft.seconds}
            most={3_600}
            onChange={(seconds) => change({ seconds })}
          />
        </div>
      );
  }
}

function Sites({ draft, change }: MatcherProps) {
  return (
    <>
      <label class="field">
        <span>Which links</span>
        <select
          value={draft.sitesMay ? "allow" : "deny"}
          onChange={(event) => change({ sitesMay: event.currentTarget.value === "allow" })}
        >
          <option value="allow">All, except to these sites</option>
          <option value="deny">Only to these sites</option>
        </select>
      </label>
      <label class="field">
        <span>
          Sites <small>one a line, such as example.com</small>
        </span>
        <textarea
          name="sites"
          rows={3}
          spellcheck={false}
          value={draft.sites}
          onInput={(event) => change({ sites: event.currentTarget.value })}
        />
      </label>
    </>
  );
}

function NumberField(props: {
  label: string;
  value: number;
  least?: number;
  most: number;
  onChange: (value: number) => void;
}) {
  const { label, value, least = 1, most, onChange } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        required
        min={least}
        max={most}
        value={value}
        onInput={({ currentTarget: { valueAsNumber } }) => {
          if (Number.isInteger(valueAsNumber)) onChange(valueAsNumber);
        }}
      />
    </label>
  );
}
