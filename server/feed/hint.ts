import { UserId } from "../../protocol/ids.ts";
import type { Face } from "./room-presence.ts";

/** What a room's channel says. Any of it may be lost, doubled or late: the log is the truth. */
export type Hint =
  /** Facts that follow `prev`, up to `seq`; `json` is an array of them. */
  | { kind: "facts"; epoch: number; prev: number; seq: number; json: string }
  | { kind: "stored"; epoch: number; seq: number }
  | { kind: "reset"; epoch: number }
  | { kind: "typing"; user: UserId }
  | { kind: "joined"; face: Face }
  | { kind: "left"; user: UserId };

/**
 * Reads a message of a room's channel: a letter, numbers, and for facts their JSON, which is only
 * parsed when it is new here. Null for what is not ours: anyone who reaches Redis can publish.
 */
export function parseHint(message: string): Hint | null {
  const rest = message.slice(2);
  switch (message[0]) {
    case "f": {
      const first = rest.indexOf(" ");
      const second = rest.indexOf(" ", first + 1);
      const third = rest.indexOf(" ", second + 1);
      const [epoch, prev, seq] = [
        rest.slice(0, first),
        rest.slice(first + 1, second),
        rest.slice(second + 1, third),
      ].map(Number) as [number, number, number];
      const json = rest.slice(third + 1);
      return arePositions(epoch, prev, seq) ? { kind: "facts", epoch, prev, seq, json } : null;
    }
    case "s": {
      const [epoch = NaN, seq = NaN] = rest.split(" ").map(Number);
      return arePositions(epoch, seq) ? { kind: "stored", epoch, seq } : null;
    }
    case "r": {
      const [epoch = NaN] = rest.split(" ").map(Number);
      return arePositions(epoch) ? { kind: "reset", epoch } : null;
    }
    case "t":
    case "l": {
      const user = UserId.safeParse(rest);
      if (!user.success) return null;
      return { kind: message[0] === "t" ? "typing" : "left", user: user.data };
    }
    case "j": {
      const face = parseFace(rest);
      return face === null ? null : { kind: "joined", face };
    }
    case undefined:
    default:
      return null;
  }
}

function arePositions(...numbers: number[]): boolean {
  return numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
}

function parseFace(json: string): Face | null {
  try {
    const face = JSON.parse(json) as Partial<Face> | null;
    const sound = UserId.safeParse(face?.id).success && typeof face?.name === "string";
    return sound ? (face as Face) : null;
  } catch {
    return null;
  }
}

/** The hint that someone types, came or left; those of the log are written by its scripts. */
export const writeHint = {
  typing: (user: string) => `t ${user}`,
  joined: (user: object) => `j ${JSON.stringify(user)}`,
  left: (user: string) => `l ${user}`,
} as const;
