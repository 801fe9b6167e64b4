import { readFileSync } from "node:fs";

import type { Redis } from "ioredis";

/** Runs one Lua script on one Redis. */
export type Script = (
  redis: Redis,
  scriptKeys: readonly string[],
  args: readonly (string | number)[],
) => Promise<string[]>;

/**
 * A Lua script of `scripts/`, run by its hash and sent whole when that Redis does not know it yet.
 * `prelude` is Lua that goes before it. Errors: those of Redis.
 */
export function loadScript(name: string, prelude = ""): Script {
  const lua = prelude + readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), "utf8");
  const command = `eddy_${name}`;
  return async (redis, scriptKeys, args) => {
    if (!defined.get(redis)?.has(command)) {
      redis.defineCommand(command, { lua });
      defined.set(redis, (defined.get(redis) ?? new Set()).add(command));
    }
    const run = (redis as unknown as Record<string, (...all: unknown[]) => Promise<string[]>>)[
      command
    ];
    if (run === undefined) throw new Error(`Redis has no command ${command}`);
    return run.call(redis, scriptKeys.length, ...scriptKeys, ...args);
  };
}

const defined = new WeakMap<Redis, Set<string>>();
