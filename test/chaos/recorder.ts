import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";

import type { Fact } from "../../protocol/facts.ts";
import { type Row, toldOf, type Told } from "./history.ts";

/** A row before its time is noted. */
type Untimed = Row extends infer R ? (R extends { t: number } ? Omit<R, "t"> : R) : never;

/** Writes a run's history down, on one clock. */
export class Recorder {
  readonly rows: Row[] = [];
  readonly #began = performance.now();
  /** Everyone is told the same facts: each is made small once. */
  readonly #told = new WeakMap<Fact, Told>();

  /** Milliseconds since the run began. */
  now(): number {
    return performance.now() - this.#began;
  }

  /** A moment of the wall clock (ms since 1970) on the run's clock. */
  at(wallMs: number): number {
    return this.now() + wallMs - Date.now();
  }

  /** Notes something that happens now. */
  add(row: Untimed): void {
    this.rows.push({ t: this.now(), ...row } as Row);
  }

  told(fact: Fact): Told {
    const known = this.#told.get(fact) ?? toldOf(fact);
    this.#told.set(fact, known);
    return known;
  }

  /** Keeps the history as JSON lines. Answers the file. */
  async keep(folder: string, name: string): Promise<string> {
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, `${name}.jsonl`);
    const stream = createWriteStream(file);
    for (const row of this.rows) {
      if (!stream.write(`${JSON.stringify(row)}\n`)) {
        await new Promise((resolve) => void stream.once("drain", () => resolve(null)));
      }
    }
    await new Promise<void>((resolve) => void stream.end(() => resolve()));
    return file;
  }
}
