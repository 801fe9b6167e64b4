import { type Content, type Html, html, joined } from "../html.ts";

/** A block of code with its caption. Long lines wrap, so nothing needs a scroll bar or a tab stop. */
export function code(caption: string, source: string): Html {
  return html`<figure class="code">
    <figcaption>${caption}</figcaption>
    <pre><code>${coloured(source)}</code></pre>
  </figure>`;
}

/** JSON that keeps on one line what fits there, so that a reply is read at a glance. */
export function compactJson(value: unknown, indent = 0): string {
  const flat = flatJson(value);
  if (typeof value !== "object" || value === null || flat.length + indent <= WIDTH) return flat;
  const inner = " ".repeat(indent + 2);
  const outer = " ".repeat(indent);
  if (Array.isArray(value)) {
    const items = value.map((item) => inner + compactJson(item, indent + 2));
    return `[\n${items.join(",\n")}\n${outer}]`;
  }
  const fields = Object.entries(value).map(
    ([key, item]) => `${inner}${JSON.stringify(key)}: ${compactJson(item, indent + 2)}`,
  );
  return `{\n${fields.join(",\n")}\n${outer}}`;
}

const WIDTH = 56;

function flatJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${flatJson(item)}`,
  );
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** Comments, keys, strings and numbers; each match is escaped as any other text. */
const TOKENS =
  /(?<comment>(?:^|(?<=\s))(?:\/\/|#) .*$)|(?<key>"[\w.]+"(?=:))|(?<string>"(?:[^"\\]|\\.)*")|(?<number>(?<=[\s[])\d+\b)/gu;

/** Each line on its own, so that one which wraps is indented below its start. */
function coloured(source: string): Content {
  return joined(
    source.split("\n").map((line) => html`<span class="line">${colouredLine(line)}</span>`),
    "\n",
  );
}

function colouredLine(line: string): Content {
  const pieces: Content[] = [];
  let end = 0;
  for (const match of line.matchAll(TOKENS)) {
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0];
    pieces.push(line.slice(end, match.index), html`<span class="${kind ?? ""}">${match[0]}</span>`);
    end = match.index + match[0].length;
  }
  return [...pieces, line.slice(end)];
}
