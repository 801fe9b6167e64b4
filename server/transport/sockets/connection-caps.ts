import { Refusal } from "../../../protocol/errors.ts";
import type { Limits } from "../../config.ts";

/**
 * How many sockets one address and one person may have. A place is taken in the step that looks whether
 * there is one: handshakes that run at the same time cannot both have the last.
 */
export class ConnectionCaps {
  readonly #limits: Pick<Limits, "connectionsPerIp" | "connectionsPerUser">;
  readonly #perIp = new Map<string, number>();
  readonly #perUser = new Map<string, number>();

  constructor(limits: Pick<Limits, "connectionsPerIp" | "connectionsPerUser">) {
    this.#limits = limits;
  }

  /** Takes a place, to be given back once. Errors: `rate_limited`. */
  take({ ip, user }: { ip: string; user: string }): void {
    const { connectionsPerIp, connectionsPerUser } = this.#limits;
    if ((this.#perIp.get(ip) ?? 0) >= connectionsPerIp) {
      throw new Refusal(
        "rate_limited",
        `At most ${connectionsPerIp} connections from one address.`,
      );
    }
    if ((this.#perUser.get(user) ?? 0) >= connectionsPerUser) {
      throw new Refusal("rate_limited", `At most ${connectionsPerUser} connections of one person.`);
    }
    count(this.#perIp, ip, 1);
    count(this.#perUser, user, 1);
  }

  giveBack({ ip, user }: { ip: string; user: string }): void {
    count(this.#perIp, ip, -1);
    count(this.#perUser, user, -1);
  }
}

function count(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next <= 0) counts.delete(key);
  else counts.set(key, next);
}
