/** What a room's channel says. Any of it may be lost, doubled or late: the log is the truth. */
export type Hint =
  /** Facts that follow `prev`, up to `seq`; `json` is an array of them. */
  | { kind: "facts"; epoch: number; prev: number; seq: number; json: string }
  | { kind: "stored"; epoch: number; seq: number }
  | { kind: "reset"; epoch: number; last: number; lost: { from: number; to: number } | null }
  | { kind: "typing"; user: string }
  | { kind: "joined"; json: string }
  | { kind: "left"; user: string };

/**
 * Reads a message of a room's channel: a letter, numbers, and for facts their JSON, which is only
 * parsed when it is new here. Null for what is not ours.
 */
export function parseHint(message: string): Hint | null {
  const rest = message.slice(2);
  switch (message[0]) {
    case "f": {
      const first = rest.indexOf(" ");
      const second = rest.indexOf(" ", first + 1);
      const third = rest.indexOf(" ", second + 1);
      return {
        kind: "facts",
        epoch: Number(rest.slice(0, first)),
        prev: Number(rest.slice(first + 1, second)),
        seq: Number(rest.slice(second + 1, third)),
        json: rest.slice(third + 1),
      };
    }
    case "s": {
      const [epoch, seq] = rest.split(" ").map(Number);
      return { kind: "stored", epoch: epoch ?? 0, seq: seq ?? 0 };
    }
    case "r": {
      const [epoch = "", last = "", from = "", to = ""] = rest.split(" ");
      return {
        kind: "reset",
        epoch: Number(epoch),
        last: Number(last),
        lost: from === "" ? null : { from: Number(from), to: Number(to) },
      };
    }
    case "t":
      return { kind: "typing", user: rest };
    case "j":
      return { kind: "joined", json: rest };
    case "l":
      return { kind: "left", user: rest };
    case undefined:
    default:
      return null;
  }
}

/** The hint that someone types, came or left; those of the log are written by its scripts. */
export const writeHint = {
  typing: (user: string) => `t ${user}`,
  joined: (user: object) => `j ${JSON.stringify(user)}`,
  left: (user: string) => `l ${user}`,
} as const;
