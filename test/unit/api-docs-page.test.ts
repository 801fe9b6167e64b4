import { describe, expect, test } from "@jest/globals";

import { commandNames } from "../../protocol/commands.ts";
import { errorTable } from "../../protocol/errors.ts";
import { factTypes, pushes } from "../../protocol/facts.ts";
import * as limits from "../../protocol/limits.ts";
import { configReference } from "../../server/config.ts";
import { renderDocsPage } from "../../server/transport/docs/docs-page.ts";
import { html, marked } from "../../server/transport/docs/html.ts";
import { exampleProblem } from "../../server/transport/docs/openapi-problems.ts";
import { tableRows } from "../../server/transport/docs/table-rows.ts";

const page = renderDocsPage({ configReference, publicUrl: "https://eddy.example", nonce: "n0nce" });

describe("the page names everything there is", () => {
  test.each(commandNames)("command %s", (name) => {
    expect(page).toContain(`id="command-${name.replace(":", "-")}"`);
  });

  test.each(tableRows(errorTable))("error %s, where the type of its problem points", (code) => {
    expect(exampleProblem(code).type).toBe(`/docs#error-${code}`);
    expect(page).toContain(`id="error-${code}"`);
  });

  test.each(factTypes)("fact %s", (type) => {
    expect(page).toContain(`id="fact-${type}"`);
  });

  test.each(Object.keys(pushes))("push %s", (name) => {
    expect(page).toContain(`id="push-${name}"`);
  });

  test.each(configReference)("variable $name", ({ name, meaning }) => {
    expect(page).toContain(`id="config-${name}"`);
    expect(page).toContain(html`${marked(meaning)}`.text);
  });

  test.each(Object.entries(limits))("limit %s", (_name, value) => {
    expect(page).toContain(`<th scope="row">${value.toLocaleString("en")}</th>`);
  });
});

test("every link within the page leads somewhere, and no anchor is there twice", () => {
  const anchors = [...page.matchAll(/ id="([^"]+)"/gu)].map(([, id]) => id);
  const links = [...page.matchAll(/ href="#([^"]+)"/gu)].map(([, id]) => id);
  expect(new Set(anchors).size).toBe(anchors.length);
  expect(links.filter((id) => !anchors.includes(id))).toEqual([]);
});

test("every element that is opened is closed, in order", () => {
  const open: string[] = [];
  const misplaced: string[] = [];
  for (const [, slash, name = "", rest = ""] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/gu)) {
    if (VOID.has(name) || rest.endsWith("/")) continue;
    if (slash === "") open.push(name);
    else if (open.pop() !== name) misplaced.push(name);
  }
  expect({ open, misplaced }).toEqual({ open: [], misplaced: [] });
});

const VOID = new Set(["meta", "link", "br", "wbr", "path"]);

test("nothing on the page needs more than its nonce: no script, no inline style, no other host", () => {
  expect(page).toContain('<style nonce="n0nce">');
  expect(page).not.toMatch(/<script|\sstyle=|\son[a-z]+=|@import|url\(/u);
  expect([...page.matchAll(/(?:src|href)="(https?:[^"]*)"/gu)]).toEqual([]);
});

test("what comes from outside is text, whatever it holds", () => {
  const evil = `<img src=x onerror="alert('&')">`;
  const hostile = renderDocsPage({
    configReference: [{ name: evil, default: evil, meaning: evil }],
    publicUrl: `https://eddy.example/${evil}`,
    nonce: evil,
  });
  expect(hostile).not.toContain("<img");
  expect(hostile).toContain("&lt;img src=x onerror=&quot;alert(&#39;&amp;&#39;)&quot;&gt;");
});

test("markup nests, null leaves nothing, and a list is written one after the other", () => {
  expect(html`<p>${html`<b>${"<"}</b>`}${null}${["a", 1]}</p>`.text).toBe("<p><b>&lt;</b>a1</p>");
});
