import { PROTOCOL_VERSION } from "../../../protocol/version.ts";
import { html } from "./html.ts";
import { jsonSchemas } from "./json-schema.ts";
import { commandsSection } from "./page/commands.ts";
import { contents } from "./page/contents.ts";
import { errorsSection } from "./page/errors.ts";
import { guideSections } from "./page/guide.ts";
import { type ConfigVariable, limitsSection } from "./page/limits.ts";
import { factsSection, pushesSection } from "./page/log.ts";
import { rolesSection } from "./page/roles.ts";
import { shapesSection } from "./page/shapes.ts";
import { style } from "./page/style.ts";

/** What the page needs to know beyond the protocol. */
export interface DocsPage {
  configReference: readonly ConfigVariable[];
  publicUrl: string;
  /** Of the response's Content-Security-Policy: without it the browser drops the style. */
  nonce: string;
}

/** The guide and reference at `/docs`: one page, no scripts, made from the tables of protocol/. */
export function renderDocsPage({ configReference, publicUrl, nonce }: DocsPage): string {
  const schemas = jsonSchemas("draft-2020-12");
  const origin = publicUrl.replace(/\/+$/u, "");
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Eddy: guide and reference</title>
        <meta
          name="description"
          content="Real-time chat for drop-in rooms: every command, fact, push, error and setting of Eddy."
        />
        <link rel="icon" href="${ICON}" />
        <style nonce="${nonce}">
          ${style}
        </style>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <div class="page">
          <header class="side">
            <a class="brand" href="#main" aria-label="Eddy, to the top"
              >${swirl}<span>Eddy</span></a
            >
            ${contents()}
          </header>
          <main id="main" tabindex="-1">
            <div class="hero">
              ${swirl}
              <h1>Eddy</h1>
              <p>
                Chat for drop-in rooms: conversations that never end.<br />
                Every room is a log with one order, so nobody misses a message or sees it twice,
                however long they were away.<br />
                Talk over Socket.IO, over REST, or both at once.
              </p>
              <p class="version">
                Protocol ${PROTOCOL_VERSION} · <a href="/openapi.json">openapi.json</a> ·
                <a href="/asyncapi.json">asyncapi.json</a>
              </p>
            </div>
            ${guideSections(origin)} ${rolesSection()}
            ${commandsSection({ schemas, publicUrl: origin })} ${factsSection(schemas)}
            ${pushesSection(schemas)} ${shapesSection(schemas)} ${errorsSection(schemas)}
            ${limitsSection(configReference)}
          </main>
        </div>
      </body>
    </html> `.text;
}

const SWIRL = "M12 12a2 2 0 0 1 4 0a4 4 0 0 1-8 0a6 6 0 0 1 12 0a8 8 0 0 1-16 0";

const swirl = html`<svg
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2"
  stroke-linecap="round"
  aria-hidden="true"
>
  <path d="${SWIRL}" />
</svg>`;

const ICON = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0a8790" stroke-width="2.4" stroke-linecap="round"><path d="${SWIRL}"/></svg>`,
)}`;
