import * as limits from "../../../../protocol/limits.ts";
import { type Html, html, marked } from "../html.ts";
import { tableRows } from "../table-rows.ts";
import { breakable } from "./breakable.ts";

/** One variable of the environment, as `server/config.ts` knows it. */
export interface ConfigVariable {
  name: string;
  default: string;
  meaning: string;
}

/** What nobody can lift, and what whoever runs Eddy may set. */
export function limitsSection(configReference: readonly ConfigVariable[]): Html {
  return html`<section id="limits" aria-labelledby="limits-title">
      <h2 id="limits-title">Limits</h2>
      <div class="prose">
        <p>
          These are part of the protocol, so they are the same everywhere. How often you may do what
          is a setting of the server: REST answers show it in <code>RateLimit-Policy</code> and
          <code>RateLimit</code>, and over it you get
          <a href="#error-rate_limited">rate_limited</a> with the time to wait.
        </p>
      </div>
      <table class="rows numbers">
        <thead>
          <tr>
            <th scope="col">Limit</th>
            <th scope="col">Of what</th>
          </tr>
        </thead>
        <tbody>
          ${tableRows(limitSentences).map(([name, sentence]) => limitRow(name, sentence))}
        </tbody>
      </table>
    </section>
    <section id="configuration" aria-labelledby="configuration-title">
      <h2 id="configuration-title">Configuration</h2>
      <div class="prose">
        <p>
          For whoever runs Eddy: everything is set in the environment and checked at start, with one
          clear message for every wrong value. Nothing needs to be set to try it: without
          <code>DATABASE_URL</code> and <code>REDIS_URL</code> it starts its own.
        </p>
      </div>
      <table class="rows settings">
        <thead>
          <tr>
            <th scope="col">Variable</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          ${configReference.map(variableRow)}
        </tbody>
      </table>
    </section>`;
}

const table: Readonly<Record<LimitName, number>> = limits;

type LimitName = keyof typeof limits;

const limitSentences = {
  MAX_TEXT_CODE_POINTS: "code points in a message",
  MAX_TEXT_BYTES: "bytes of UTF-8 in a message",
  MAX_PAGE_FACTS: "facts in one reply, whatever was missed",
  DEFAULT_PAGE_FACTS: "facts in one reply when you name no limit",
  MAX_PAGE_ITEMS: "items of a REST list in one reply",
  DEFAULT_PAGE_ITEMS: "items of a REST list when you name no limit",
  MAX_NAME_CODE_POINTS: "code points in a display name",
  MAX_TITLE_CODE_POINTS: "code points in a room's title",
  MAX_LINE_CODE_POINTS: "code points in a topic, a headline, a reason or a note",
  MAX_TAGS: "tags of a room",
  MAX_SLOW_MODE_SECONDS: "seconds of slow mode",
  MAX_RAID_SECONDS: "seconds of raid mode",
  MAX_WEBHOOKS: "webhooks of a room",
  MAX_FILTER_RULES: "rules of one room's filter",
  MAX_DRY_RUN_DAYS: "days of what was said that a draft rule is tried on",
  MAX_FILTER_HOSTS: "sites in one rule of a filter",
  MAX_INVITE_USES: "people whom an invitation lets in",
  MAX_INVITE_SECONDS: "seconds that an invitation is good",
  MAX_PROFILE_LINKS: "links in a profile",
  MAX_REMOVED_AT_ONCE: "messages that one clean-up removes",
  MAX_SEARCHED_AT_ONCE: "messages that one clean-up looks at",
  UNDO_DAYS: "days in which a clean-up can be undone",
  MAX_RANGES_AT_ONCE: "ranges that one command marks as read or unread",
  MAX_UNREAD_ROOMS: "rooms in one answer about what is unread",
  CLAIM_SECONDS: "seconds that a claimed case is its moderator's",
  EVIDENCE_DAYS: "days that a resolved case keeps what was said",
  MAX_PRESENCE_SAMPLE: "faces in one presence sample",
  MAX_FRAME_BYTES: "bytes in one Socket.IO frame or REST body",
  MAX_IMPORT_PART_BYTES: "bytes in one part of a file that is imported",
  MAX_IMPORT_BYTES: "bytes in a file that is imported",
  MAX_JSON_DEPTH: "levels of nesting in a JSON value",
} as const satisfies Record<LimitName, string>;

function limitRow(name: LimitName, sentence: string): Html {
  return html`<tr>
    <th scope="row">${table[name].toLocaleString("en")}</th>
    <td>${sentence}</td>
  </tr>`;
}

function variableRow({ name, default: preset, meaning }: ConfigVariable): Html {
  return html`<tr id="config-${name}">
    <th scope="row"><code>${breakable(name)}</code></th>
    <td>
      ${marked(meaning)}
      <span class="note">${preset === "" ? "not set" : html`default <code>${preset}</code>`}</span>
    </td>
  </tr>`;
}
