import { Html } from "../html.ts";

/** The look of the page: one calm column for reading, one for code, on paper or at night. */
export const style = new Html(`
:root {
  color-scheme: light dark;
  --paper: #fbfcfc;
  --panel: #f1f5f5;
  --line: #dde5e6;
  --ink: #16262b;
  --soft: #51666c;
  --accent: #0a6b73;
  --glow: #e2f1f1;
  --code: #f1f5f5;
  --key: #0a5f8a;
  --string: #2f6a2a;
  --number: #8a4b08;
  --get: #0a6b73;
  --write: #7a4a06;
  --delete: #a1303a;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f171a;
    --panel: #162126;
    --line: #263439;
    --ink: #e0e9ea;
    --soft: #9db0b5;
    --accent: #6fcad0;
    --glow: #12312f;
    --code: #131d21;
    --key: #8cc8ee;
    --string: #a3d39c;
    --number: #e9bd85;
    --get: #6fcad0;
    --write: #e5b877;
    --delete: #f09aa2;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html {
  font: 100%/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  scroll-padding-top: 1.5rem;
  text-size-adjust: 100%;
}
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .2em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code, pre { font-family: var(--mono); font-size: .86em; }
p, ul, ol, dl, figure, table { margin: 0 0 1rem; }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 2; padding: .5rem 1rem; background: var(--accent); color: var(--paper); border-radius: 6px; }
.skip:focus { top: 1rem; }

.page { display: grid; grid-template-columns: 16rem minmax(0, 1fr); max-width: 92rem; margin: 0 auto; }
.side { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.75rem 1rem 2rem 1.75rem; border-right: 1px solid var(--line); scrollbar-width: thin; }
.brand { display: flex; align-items: center; gap: .55rem; margin: 0 0 1.25rem; font-weight: 650; font-size: 1.1rem; letter-spacing: -.01em; color: var(--ink); text-decoration: none; }
.brand svg { width: 1.6rem; height: 1.6rem; color: var(--accent); }
.contents ul { list-style: none; margin: 0; padding: 0; }
.contents a { display: block; padding: .2rem .6rem; border-radius: 6px; color: var(--ink); text-decoration: none; font-size: .93rem; }
.contents a:hover { background: var(--glow); color: var(--accent); }
.contents ul ul { margin: .15rem 0 .5rem .6rem; border-left: 1px solid var(--line); padding-left: .25rem; }
.contents ul ul a { color: var(--soft); font: .78rem/1.5 var(--mono); }
main { padding: 0 clamp(1rem, 4vw, 3.5rem) 6rem; min-width: 0; }

.hero { position: relative; padding: 4.5rem 0 1rem; }
.hero > svg { position: absolute; top: 1rem; right: 0; width: 15rem; color: var(--accent); opacity: .16; stroke-width: .7; }
.hero > p { position: relative; max-width: 40rem; }
h1, h2, h3, h4 { line-height: 1.2; letter-spacing: -.015em; text-wrap: balance; margin: 0; }
h1 { font-size: clamp(2.4rem, 6vw, 3.4rem); font-weight: 700; letter-spacing: -.035em; }
.hero p { font-size: clamp(1.08rem, 2vw, 1.25rem); line-height: 1.55; color: var(--soft); margin: 1rem 0 0; }
.hero .version { font-size: .9rem; }
main > section { padding-top: 3.5rem; }
h2 { font-size: 1.75rem; font-weight: 680; margin-bottom: 1rem; }
section > section > h3 { font-size: 1.2rem; color: var(--soft); font-weight: 600; margin: 2.5rem 0 0; }
.prose { max-width: 42rem; }
.prose li { margin-bottom: .6rem; padding-left: .25rem; }
.prose li::marker { color: var(--soft); }
.prose > :last-child { margin-bottom: 0; }

.split, .command { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.15fr); gap: 1.5rem 2.5rem; }
.command { padding: 2rem 0; border-top: 1px solid var(--line); scroll-margin-top: 0; }
section > h3 + .command { border-top: 0; padding-top: 1.25rem; }
.prose + .command { border-top: 0; }
.about > h3, .about > h4 { font: 600 1.12rem/1.3 var(--mono); letter-spacing: -.01em; margin: 0 0 .4rem; }
.about > :is(h3, h4) a, .shape h3 a { color: inherit; text-decoration: none; }
.about > :is(h3, h4) a:hover, .shape h3 a:hover { text-decoration: underline; }
:is(.command, .shape):target :is(h3, h4) a { color: var(--accent); }
.facts { display: grid; gap: .2rem; font-size: .92rem; margin: .75rem 0 1.25rem; }
.facts div { display: grid; grid-template-columns: 5.5rem 1fr; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.method { font-weight: 700; color: var(--write); }
.method.get { color: var(--get); }
.method.delete { color: var(--delete); }
.status { font: .78rem var(--mono); color: var(--soft); border: 1px solid var(--line); border-radius: 4px; padding: 0 .3rem; white-space: nowrap; }

table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; font-weight: 400; padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); }
td { padding-right: 0; }
caption, .caption { text-align: left; font-size: .92rem; font-weight: 600; padding-bottom: .35rem; }
.caption span { font-weight: 400; color: var(--soft); }
.caption { margin: 0 0 .75rem; padding: 0; }
.fields { font-size: .9rem; margin-bottom: 1.25rem; }
.fields thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.fields th { width: 38%; }
.fields th[scope="row"], .fields td { padding-block: .38rem; }
.optional, .note { color: var(--soft); font-size: .9em; }
.type { font-family: var(--mono); font-size: .86em; }
.type code { font-size: 1em; }
.note { display: block; }
.rows { max-width: 60rem; table-layout: fixed; }
.prose + table { margin-top: 1.5rem; }
.rows thead th { border-top: 0; color: var(--soft); font-size: .85rem; padding-block: .25rem; }
.rows th:first-child { width: 15rem; }
.rows .signature { display: block; font-family: var(--mono); font-size: .8rem; color: var(--soft); }
.rows .signature code { font-size: 1em; color: var(--ink); }
.rows .signature .note { display: inline; font-size: 1em; }
.rows .signature:empty { display: none; }
.numbers th[scope="row"] { font-variant-numeric: tabular-nums; font-weight: 600; }
.numbers th:first-child { width: 8rem; }
.settings th:first-child { width: 21rem; }
tr:target > * { background: var(--glow); }
tr:target > th { box-shadow: -.75rem 0 0 var(--glow); }

.examples { display: grid; gap: 1rem; align-content: start; }
.code { margin: 0; border: 1px solid var(--line); border-radius: 10px; background: var(--code); overflow: hidden; }
.code figcaption { padding: .4rem .9rem; font-size: .78rem; color: var(--soft); border-bottom: 1px solid var(--line); }
.code pre { margin: 0; padding: .8rem .9rem; white-space: pre-wrap; font-size: .8rem; line-height: 1.6; tab-size: 2; }
.code code { font-size: 1em; }
.line { display: inline-block; width: 100%; padding-left: 2ch; text-indent: -2ch; }
.comment { color: var(--soft); }
.key { color: var(--key); }
.string { color: var(--string); }
.number { color: var(--number); }
.shapes { columns: 24rem 2; column-gap: 2.5rem; margin-top: 2rem; }
.shape { break-inside: avoid; padding: 1.25rem 0 .5rem; border-top: 1px solid var(--line); }
.shape h3 { font: 600 1.02rem/1.3 var(--mono); margin-bottom: .35rem; }
.shape > p { font-size: .95rem; }
.shape caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

@media (max-width: 68rem) {
  .split, .command { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 52rem) {
  html { scroll-padding-top: 4.5rem; }
  .page { display: block; }
  .side { position: sticky; z-index: 1; height: auto; display: flex; align-items: center; gap: .5rem; padding: .6rem 1rem; border: 0; border-bottom: 1px solid var(--line); background: var(--paper); overflow-x: auto; overflow-y: hidden; }
  .brand { margin: 0; }
  .brand span { display: none; }
  .hero > svg { width: 6rem; top: 1.75rem; opacity: .3; }
  .contents > ul { display: flex; }
  .contents ul ul { display: none; }
  .contents a { white-space: nowrap; padding: .35rem .6rem; }
  .hero { padding-top: 2.5rem; }
  main > section { padding-top: 2.75rem; }
  .rows th:first-child, .settings th:first-child { width: 40%; }
  .numbers th:first-child { width: 5rem; }
}
`);
