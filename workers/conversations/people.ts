/** Someone who speaks in a room. */
export interface Person {
  id: string;
  name: string;
}

/** A shorter word is a name only where it stands as one. */
export const LEAST_LETTERS = 3;

/** Names by which those who spoke lately may be addressed. */
export class People {
  readonly #byKey = new Map<string, Person[]>();

  /** Notes that someone spoke, under the name they had then. */
  add(person: Person): void {
    for (const key of keysOf(person.name)) {
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, [person]);
      else known.push(person);
    }
  }

  /** Forgets the oldest of what someone said. */
  drop(person: Person): void {
    for (const key of keysOf(person.name)) {
      const known = this.#byKey.get(key) ?? [];
      known.splice(
        known.findIndex(({ id }) => id === person.id),
        1,
      );
      if (known.length === 0) this.#byKey.delete(key);
    }
  }

  /** Who is meant by a word that stands where a name may stand: who spoke last of those so called. */
  find(word: string): string | undefined {
    const key = word.toLowerCase();
    return (this.#byKey.get(key) ?? this.#byKey.get(coreOf(key)))?.at(-1)?.id;
  }

  /** Who is meant by the beginning of a name, when that is one name only. */
  findShortened(word: string): string | undefined {
    const start = word.toLowerCase();
    if (start.length < LEAST_LETTERS) return undefined;
    const found = new Set<string>();
    for (const [key, people] of this.#byKey) {
      const last = people.at(-1);
      if (key.startsWith(start) && last !== undefined) found.add(last.id);
    }
    return found.size === 1 ? [...found][0] : undefined;
  }
}

function keysOf(name: string): string[] {
  const key = name.toLowerCase();
  const core = coreOf(key);
  return core === key || core.length < LEAST_LETTERS ? [key] : [key, core];
}

/** A name without its ornaments: `|ada|`, `ada_` and `ada|away` are called ada. */
function coreOf(key: string): string {
  const bare = key.replace(/^[^\p{L}\p{N}]+/u, "").replace(/[^\p{L}\p{N}]+$/u, "");
  return bare.replace(/[|[{`^].*$/u, "").replace(/[_-]+$/u, "");
}
