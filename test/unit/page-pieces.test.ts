import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { isOnlyEmoji, type Piece, piecesOf } from "../../web/room/pieces.ts";

const shownAs = (pieces: Piece[]) =>
  pieces.map((piece) => (piece.kind === "code" ? `\`${piece.text}\`` : piece.text)).join("");

const mentions = (text: string) =>
  piecesOf(text).flatMap((piece) => (piece.kind === "mention" ? [piece.handle] : []));

describe("what someone said is taken apart", () => {
  test("and nothing of it gets lost or is added", () => {
    const word = fc.constantFrom(
      "https://a.example/(x)",
      "http://",
      "@ada-0a1b2c",
      "`code`",
      "``",
      "<b>",
      ").",
      " ",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string())), (words) => {
        const text = words.join("");
        expect(shownAs(piecesOf(text))).toBe(text);
      }),
    );
  });

  test("and only http and https addresses become links, as the browser reads them", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom("javascript:", "data:", "vbscript:", "https://"),
        (text, scheme) => {
          const protocols = piecesOf(`${text}${scheme}${text}`).flatMap((piece) =>
            piece.kind === "link" ? [new URL(piece.href).protocol] : [],
          );
          expect(protocols.filter((name) => !["http:", "https:"].includes(name))).toEqual([]);
        },
      ),
    );
  });

  test.each([
    ["See https://a.example.", "https://a.example/"],
    ["(https://a.example/x)", "https://a.example/x"],
    ["https://a.example/x_(y)", "https://a.example/x_(y)"],
    ["“https://a.example/x”, he said", "https://a.example/x"],
    ["https://a.example/?q=1&r=2#s!", "https://a.example/?q=1&r=2#s"],
  ])("%s", (text, href) => {
    const links = piecesOf(text).filter((piece) => piece.kind === "link");
    expect(links.map((link) => link.href)).toEqual([href]);
  });

  test("and a handle is a mention only where it stands by itself", () => {
    expect(mentions("@ada-0a1b2c hello (@grace_h)")).toEqual(["ada-0a1b2c", "grace_h"]);
    expect(mentions("mail@ada-0a1b2c ada-0a1b2c @")).toEqual([]);
  });
});

test("a few emoji alone are shown large, words and digits are not", () => {
  for (const text of ["🎉", "❤️", "👩‍🔬 👍🏽", "🌊🌊🌊"])
    expect([text, isOnlyEmoji(text)]).toEqual([text, true]);
  for (const text of ["", "1", "ok 🎉", "🎉".repeat(7)])
    expect([text, isOnlyEmoji(text)]).toEqual([text, false]);
});
