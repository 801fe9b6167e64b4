/** A phrase to look for, folded. */
export interface Phrase {
  /** What it is found as. */
  id: number;
  text: string;
  /** A letter may stand right before or after it: it is the beginning or the end of a word. */
  openStart: boolean;
  openEnd: boolean;
}

/** Finds which phrases a folded text holds: tells of each, at least once. */
export type PhraseScanner = (text: string, onFound: (id: number) => void) => void;

/**
 * All phrases in one automaton (Aho-Corasick): a text is read once, one step a character, however many
 * phrases there are. Steps are looked up in one flat table over the characters that phrases use.
 */
export function compilePhrases(phrases: readonly Phrase[]): PhraseScanner {
  if (phrases.length === 0) return () => {};
  const alphabet = new Alphabet(phrases.map(({ text }) => text));
  const { steps, found, shorter } = buildAutomaton(phrases, alphabet);
  const { size } = alphabet;
  return (text, onFound) => {
    let state = 0;
    for (let i = 0; i < text.length; i += 1) {
      state = steps[state * size + alphabet.indexOf(text.charCodeAt(i))] ?? 0;
      for (let at = state; at !== 0; at = shorter[at] ?? 0) {
        for (const phrase of found[at] ?? []) {
          if (standsFree(text, i + 1 - phrase.text.length, i + 1, phrase)) onFound(phrase.id);
        }
      }
    }
  };
}

/** The UTF-16 units that phrases use, numbered from 1; 0 is any other. */
class Alphabet {
  readonly #ascii = new Uint16Array(128);
  readonly #others = new Map<number, number>();
  size = 1;

  constructor(texts: readonly string[]) {
    for (const text of texts) {
      for (let i = 0; i < text.length; i += 1) this.#add(text.charCodeAt(i));
    }
  }

  indexOf(unit: number): number {
    return (unit < 128 ? this.#ascii[unit] : this.#others.get(unit)) ?? 0;
  }

  #add(unit: number): void {
    if (this.indexOf(unit) !== 0) return;
    if (unit < 128) this.#ascii[unit] = this.size;
    else this.#others.set(unit, this.size);
    this.size += 1;
  }
}

interface Automaton {
  /** state × alphabet → state */
  steps: Int32Array;
  /** What ends in a state. */
  found: (Phrase[] | undefined)[];
  /** The next shorter state in which something ends; 0 when there is none. */
  shorter: Int32Array;
}

function buildAutomaton(phrases: readonly Phrase[], alphabet: Alphabet): Automaton {
  const { size } = alphabet;
  const most = 1 + phrases.reduce((sum, { text }) => sum + text.length, 0);
  const steps = new Int32Array(most * size);
  const found: Automaton["found"] = [];
  let states = 1;
  for (const phrase of phrases) {
    let state = 0;
    for (let i = 0; i < phrase.text.length; i += 1) {
      const at = state * size + alphabet.indexOf(phrase.text.charCodeAt(i));
      if (steps[at] === 0) steps[at] = states++;
      state = steps[at] ?? 0;
    }
    (found[state] ??= []).push(phrase);
  }
  // Before it is cut to size: what is linked has to be in what is kept.
  const shorter = link(steps, size, states, found);
  return { steps: steps.slice(0, states * size), found, shorter };
}

/** Breadth first: where a state has no step of its own, it takes that of its longest proper suffix. */
function link(
  steps: Int32Array,
  size: number,
  states: number,
  found: Automaton["found"],
): Int32Array {
  const suffix = new Int32Array(states);
  const shorter = new Int32Array(states);
  const queue: number[] = [0];
  for (let at = 0; at < queue.length; at += 1) {
    const state = queue[at] ?? 0;
    const behind = suffix[state] ?? 0;
    for (let unit = 1; unit < size; unit += 1) {
      const next = steps[state * size + unit] ?? 0;
      const instead = state === 0 ? 0 : (steps[behind * size + unit] ?? 0);
      if (next === 0) {
        steps[state * size + unit] = instead;
        continue;
      }
      suffix[next] = instead;
      shorter[next] = found[instead] === undefined ? (shorter[instead] ?? 0) : instead;
      queue.push(next);
    }
  }
  return shorter;
}

/** Whether what was found is a whole word: no letter or digit goes on where the phrase begins or ends with one. */
function standsFree(text: string, from: number, to: number, phrase: Phrase): boolean {
  const { openStart, openEnd } = phrase;
  const startsFree = openStart || !isWordAt(text, from) || !isWordAt(text, before(text, from));
  return startsFree && (openEnd || !isWordAt(text, before(text, to)) || !isWordAt(text, to));
}

/** Where the character before a place begins: one or two units back. */
function before(text: string, place: number): number {
  const isLow = (text.charCodeAt(place - 1) & 0xfc00) === 0xdc00;
  return isLow ? place - 2 : place - 1;
}

const WORD = /[\p{L}\p{N}]/u;

function isWordAt(text: string, place: number): boolean {
  const point = text.codePointAt(place);
  if (point === undefined) return false;
  if (point < 128) return (point >= 97 && point <= 122) || (point >= 48 && point <= 57);
  return WORD.test(String.fromCodePoint(point));
}
