import { z } from "zod";

import { UserId } from "../../protocol/ids.ts";
import type { Face } from "./room-presence.ts";

/** What a room's channel says. Any of it may be lost, doubled or late: the log is the truth. */
export type Hint =
  /** Facts that follow `prev`, up to `seq`; `json` is an array of them. */
  | { kind: "facts"; epoch: number; prev: number; seq: number; json: string }
  | { kind: "stored"; epoch: number; seq: number }
  | { kind: "reset"; epoch: number }
  | { kind: "typing"; user: UserId }
  | { kind: "joined"; faces: Face[] }
  | { kind: "left"; users: UserId[] };

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
    case "t": {
      const user = UserId.safeParse(rest);
      return user.success ? { kind: "typing", user: user.data } : null;
    }
    case "l": {
      const users = z.array(UserId).safeParse(rest.split(" "));
      return users.success ? { kind: "left", users: users.data } : null;
    }
    case "j": {
      const faces = parseFaces(rest);
      return faces === null ? null : { kind: "joined", faces };
    }
    case undefined:
    default:
      return null;
  }
}

function arePositions(...numbers: number[]): boolean {
  return numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
}

function parseFaces(json: string): Face[] | null {
  try {
    const faces = JSON.parse(json) as (Partial<Face> | null)[];
    const areSound = faces.every(
      (face) => UserId.safeParse(face?.id).success && typeof face?.name === "string",
    );
    return areSound ? (faces as Face[]) : null;
  } catch {
    return null;
  }
}

/** The hints that someone types, or that people came or left; those of the log are written by its scripts. */
export const writeHint = {
  typing: (user: string) => `t ${user}`,
  joined: (users: readonly object[]) => `j ${JSON.stringify(users)}`,
  left: (users: readonly string[]) => `l ${users.join(" ")}`,
} as const;
