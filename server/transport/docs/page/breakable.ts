import { type Content, html, joined } from "../html.ts";

/** A name or a path that may break where its parts meet, rather than anywhere. */
export function breakable(name: string): Content {
  return joined(name.split(/(?=[/._])|(?<=[a-z])(?=[A-Z])/u), html`<wbr />`);
}
