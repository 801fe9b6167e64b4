/** A part of what someone said. */
export type Piece =
  | { kind: "text"; text: string }
  | { kind: "link"; text: string; href: string }
  | { kind: "mention"; text: string; handle: string }
  | { kind: "code"; text: string };

/**
 * Takes a message apart into text, links, mentions and code. Text stays text: nothing of it ever
 * becomes markup, and only http and https addresses become links.
 */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const [whole] = match;
    const { url, handle, code } = match.groups ?? {};
    const piece = url === undefined ? inlinePiece(whole, handle, code) : linkPiece(url);
    if (piece === null) continue;
    if (match.index > end) pieces.push({ kind: "text", text: text.slice(end, match.index) });
    pieces.push(piece);
    end = match.index + (piece.kind === "link" ? piece.text.length : whole.length);
  }
  if (end < text.length) pieces.push({ kind: "text", text: text.slice(end) });
  return pieces;
}

/** Whether a message is a few emoji and nothing else: they are shown large. */
export function isOnlyEmoji(text: string): boolean {
  return text.length <= 40 && ONLY_EMOJI.test(text.trim());
}

function inlinePiece(whole: string, handle?: string, code?: string): Piece | null {
  if (handle !== undefined) return { kind: "mention", text: whole, handle };
  return code === undefined ? null : { kind: "code", text: code };
}

function linkPiece(url: string): Piece | null {
  const text = withoutTail(url);
  if (!URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === "http:" || protocol === "https:" ? { kind: "link", text, href } : null;
}

/** What ends a sentence does not belong to its link, nor does a bracket that was opened before. */
function withoutTail(url: string): string {
  let text = url;
  for (;;) {
    const shorter = text.replace(/[.,;:!?'"…»”’]+$/u, "");
    const closes = /[)\]}]$/u.test(shorter) && !isBalanced(shorter);
    text = closes ? shorter.slice(0, -1) : shorter;
    if (!closes) return text;
  }
}

function isBalanced(text: string): boolean {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  return count(/[([{]/gu) >= count(/[)\]}]/gu);
}

const SPECIAL =
  /(?<url>[Hh][Tt]{2}[Pp][Ss]?:\/\/[^\s<>"`]+)|(?<![\p{L}\p{N}_-])@(?<handle>[a-z0-9]+(?:[-_][a-z0-9]+)*)|`(?<code>[^`\n]+)`/gu;
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u{FE0F}\u{200D}]*\s*){1,6}$/u;
