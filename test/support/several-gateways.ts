import { eventually } from "./eventually.ts";
import { type RunningProcess, startProcess } from "./processes.ts";
import type { World } from "./world.ts";

/** Gateways of one port, as `GATEWAYS=n npm run gateway` starts them. */
export interface SeveralGateways extends RunningProcess {
  /** The process of each gateway that serves, by name: the newest. */
  pids: () => Record<string, number>;
  /** How many sockets each has. */
  connections: () => Promise<Record<string, number>>;
  /** Resolves when all is stopped. */
  stop: () => Promise<void>;
}

/** Starts gateways of one port beside a world's own. */
export async function startGateways(
  world: World,
  count: number,
  env: Record<string, string> = {},
): Promise<SeveralGateways> {
  const { databaseUrl, redisUrl } = world.stores;
  const running = await startProcess("server/main.ts", {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    GATEWAYS: String(count),
    LOG_LEVEL: "info",
    ...env,
  });
  // What they print comes another way than that they are ready.
  await eventually(() => {
    if (Object.keys(pidsIn(running.output())).length < count) throw new Error(running.output());
  });
  return {
    ...running,
    pids: () => pidsIn(running.output()),
    connections: async () => {
      const text = await (await fetch(`${running.url}/metrics`)).text();
      const found = text.matchAll(/^eddy_connections\{gateway="(\w+)"\} (\d+)$/gmu);
      return Object.fromEntries(Array.from(found, ([, name, sockets]) => [name, Number(sockets)]));
    },
    stop: async () => {
      running.kill("SIGTERM");
      await running.exited;
    },
  };
}

/** The process of each gateway that serves, by name, as their log says: the newest. */
export function pidsIn(log: string): Record<string, number> {
  const lines = log.split("\n").filter((line) => line.includes('"msg":"gateway serves"'));
  const served = lines.map((line) => JSON.parse(line) as { gateway: string; pid: number });
  return Object.fromEntries(served.map(({ gateway, pid }) => [gateway, pid]));
}
