import { expect, test } from "@jest/globals";

import { snippetOf } from "../../server/rooms/search/snippet.ts";
import { markedOf } from "../../web/search/marked.ts";

test.each([
  [
    '\u0002tea\u0003 & <b>"cake"</b> it\'s',
    [
      ["tea", true],
      [' & <b>"cake"</b> it\'s', false],
    ],
  ],
  [
    "&lt;mark&gt; is \u0002said\u0003",
    [
      ["&lt;mark&gt; is ", false],
      ["said", true],
    ],
  ],
  ["nothing", [["nothing", false]]],
])("what was found in %j is shown as it was said", (marked, parts) => {
  expect(markedOf(snippetOf(marked, [])).map(({ text, isHit }) => [text, isHit])).toEqual(parts);
});
