import { type Html, html } from "../html.ts";
import { commandAnchor, commandGroups } from "./commands.ts";

/** The table of contents: a side bar, or on small screens a strip with the sections only. */
export function contents(): Html {
  return html`<nav class="contents" aria-label="Contents">
    <ul>
      ${link("start", "Quick start")} ${link("sign-in", "Signing in")}
      ${link("entering", "Entering and cursors")} ${link("roles", "Roles")}
      <li>
        <a href="#commands">Commands</a>
        <ul>
          ${commandGroups().flatMap(([, rows]) => rows.map(([name]) => commandLink(name)))}
        </ul>
      </li>
      ${link("facts", "Facts")} ${link("pushes", "Pushes")} ${link("shapes", "Shapes")}
      ${link("errors", "Errors")} ${link("limits", "Limits")}
      ${link("configuration", "Configuration")}
    </ul>
  </nav>`;
}

function link(anchor: string, title: string): Html {
  return html`<li><a href="#${anchor}">${title}</a></li>`;
}

function commandLink(name: string): Html {
  return html`<li><a href="#${commandAnchor(name)}">${name}</a></li>`;
}
