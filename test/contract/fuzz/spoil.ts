import type { Chance } from "../../chaos/random.ts";

/** Values that have hurt somebody before. */
const NASTY: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e308,
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "\udc00\ud800",
  "\u202e",
  "\ufeff",
  "﷽".repeat(200),
  "a\u0301".repeat(2_000),
  "x".repeat(4_001),
  "__proto__",
  "constructor",
  "toString",
  "%00",
  "%ff",
  "../../etc/passwd",
  "'; DROP TABLE messages; --",
  "<script>alert(1)</script>",
  "{b0}",
  "room:*",
  "00000000-0000-0000-0000-000000000000",
  "9223372036854775808",
  "1e3",
  "-0",
  "NaN",
  [],
  [[]],
  [null],
  {},
  { __proto__: null, toString: 1 },
  { toJSON: "x", valueOf: 1 },
  { type: "Buffer", data: [1, 2, 3] },
  { _placeholder: true, num: 0 },
  Array.from({ length: 500 }, () => 0),
];

/** Pieces of text that mean something to one of the parsers on the way. */
const TOKENS = [
  ...Array.from('{}[]",:\\/%&=?#;0-9eE+.\n\r\t\0'),
  "null",
  "\\u0000",
  "\\ud800",
  "\\u",
  '"__proto__":',
  "\u001e",
  "b",
  "42",
  "451-",
  "\r\n\r\n",
  "Content-Length: 9\r\n",
  "Transfer-Encoding: chunked\r\n",
  "[".repeat(3_000),
  "é",
  "\u{1f469}\u200d\u{1f4bb}",
];

/** A JSON value with something about it changed, somewhere. */
export function spoilValue(value: unknown, chance: Chance): unknown {
  if (Array.isArray(value) && value.length > 0 && chance.next() < 0.7) {
    const at = Math.floor(chance.next() * value.length);
    return value.map((item: unknown, i) => (i === at ? spoilValue(item, chance) : item));
  }
  if (isRecord(value) && chance.next() < 0.85) return spoilField(value, chance);
  return chance.pick(NASTY);
}

function spoilField(value: Record<string, unknown>, chance: Chance): Record<string, unknown> {
  const fields = Object.entries(value);
  const kind = chance.next();
  if (fields.length === 0 || kind < 0.15) {
    const name = chance.pick(["", "admin", "id", "seq", "limit", "since", "before", "toString"]);
    return { ...value, [name]: chance.pick(NASTY) };
  }
  const [field] = chance.pick(fields);
  if (kind < 0.25) return Object.fromEntries(fields.filter(([name]) => name !== field));
  return { ...value, [field]: spoilValue(value[field], chance) };
}

/** A text with something about it changed, somewhere: cut, doubled, swapped or added. */
export function spoilText(text: string, chance: Chance): string {
  let spoilt = text;
  for (let times = Math.ceil(chance.next() * 3); times > 0; times -= 1) {
    const from = Math.floor(chance.next() * (spoilt.length + 1));
    const to = from + Math.floor(chance.next() ** 3 * (spoilt.length - from + 1));
    const [head, middle, tail] = [spoilt.slice(0, from), spoilt.slice(from, to), spoilt.slice(to)];
    const kind = chance.next();
    if (kind < 0.2) spoilt = head + tail;
    else if (kind < 0.35) spoilt = head + middle + middle + tail;
    else if (kind < 0.7) spoilt = head + chance.pick(TOKENS) + tail;
    else if (kind < 0.8) spoilt = head;
    else spoilt = head + String.fromCharCode(Math.floor(chance.next() * 256)) + tail.slice(1);
  }
  return spoilt;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
