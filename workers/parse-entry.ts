import { type Fact, factTypes } from "../protocol/facts.ts";

/** An entry as the fact it should be; null when it is none. Its shape was checked when it was appended. */
export function parseEntry(seq: number, json: string): Fact | null {
  try {
    const fact = JSON.parse(json) as Partial<Fact> | null;
    const sound =
      fact?.seq === seq &&
      factTypes.some((type) => type === fact.type) &&
      typeof fact.at === "string" &&
      typeof fact.by?.id === "string";
    return sound ? (fact as Fact) : null;
  } catch {
    return null;
  }
}
