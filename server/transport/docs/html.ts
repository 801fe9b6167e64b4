/** Markup that is safe to send: everything in it was escaped, or written by us. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text is escaped, markup is not, null leaves nothing. */
export type Content = Html | string | number | null | readonly Content[];

/** Builds markup; every value is escaped unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...contents: Content[]): Html {
  const written = parts.map((part, index) => part + textOf(contents[index] ?? null));
  return new Html(written.join(""));
}

/** The same between each two, as `Array.join` does. */
export function joined(contents: readonly Content[], separator: Content): Content {
  return contents.flatMap((content, index) => (index === 0 ? [content] : [separator, content]));
}

/** Text of the tables, where backticks mark code as they do in OpenAPI's Markdown. */
export function marked(text: string): Content {
  return text
    .split("`")
    .map((piece, index) => (index % 2 === 0 ? piece : html`<code>${piece}</code>`));
}

function textOf(content: Content): string {
  if (content === null) return "";
  if (content instanceof Html) return content.text;
  if (typeof content === "string") return escaped(content);
  if (typeof content === "number") return String(content);
  return content.map(textOf).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/gu, (character) => ESCAPES[character] ?? "");
}
