import { type ChildProcess, fork } from "node:child_process";

import type { Logger } from "pino";

import { keepRunning, type Running } from "../launcher/keep-running.ts";
import { type Handle, sendable } from "./handle.ts";
import { type FromGateway, NAME_VARIABLE, type ToGateway, type Upgrade } from "./messages.ts";
import { type SharedOut, shareOut, type Taker } from "./share-out.ts";

/** Gateways that serve on one port. */
export interface RunningGateways {
  url: string;
  port: number;
  stop: () => Promise<void>;
}

interface GatewayProcess extends Running {
  url: string;
}

/** The gateways that run, by name, with the ports at which they take what others pass on. */
type Family = Map<string, { child: ChildProcess; privatePort: number | null }>;

/**
 * Runs several gateways on one port, each a process of its own: this very program, which then finds its
 * name in the environment. One that ends is started again. Resolves when all are ready. Errors: when
 * the port is taken, or one does not start; the others end with this process.
 */
export async function runGateways(how: {
  port: number;
  gateways: number;
  env: NodeJS.ProcessEnv;
  log: Logger;
}): Promise<RunningGateways> {
  const { gateways, env, log } = how;
  const port = await shareOut(how.port);
  const family: Family = new Map();
  const stopping = new AbortController();
  const names = Array.from({ length: gateways }, (_, index) => String(index + 1));
  const running = await Promise.all(
    names.map((name) =>
      keepRunning({
        name: `Gateway ${name}`,
        start: () => startGateway({ name, env, family, port }),
        say: (line) => log.warn(line),
        signal: stopping.signal,
      }),
    ),
  );
  return {
    url: running[0]?.first.url ?? "",
    port: port.port,
    stop: async () => {
      stopping.abort();
      port.close();
      await Promise.all(running.map(({ stop }) => stop()));
    },
  };
}

/** Starts one of them. Resolves when it is ready. Errors: when it ends before. */
async function startGateway(on: {
  name: string;
  env: NodeJS.ProcessEnv;
  family: Family;
  port: SharedOut;
}): Promise<GatewayProcess> {
  const { name, env, family, port } = on;
  const child = fork(process.argv[1] ?? "", {
    env: { ...env, PORT: String(port.port), [NAME_VARIABLE]: name },
    // A group of its own: Ctrl-C in a terminal comes to us alone.
    detached: true,
  });
  // Last, so that the others know of it before it serves.
  family.delete(name);
  family.set(name, { child, privatePort: null });
  let taker: Taker | null = null;
  const gone = endOf(child);
  const forget = async () => {
    await gone;
    taker?.end();
    if (family.get(name)?.child === child) family.delete(name);
    introduce(family);
  };
  void forget();
  const url = await new Promise<string>((resolve, reject) => {
    child.on("message", (message: FromGateway, handle: unknown) => {
      switch (message.type) {
        case "joins":
          family.set(name, { child, privatePort: message.privatePort });
          introduce(family);
          break;
        case "ready":
          taker = port.join((connection) => send(child, { type: "connection" }, connection));
          resolve(message.url);
          break;
        case "took":
          taker?.took();
          break;
        case "leaves":
          taker?.leave();
          break;
        case "upgrade":
          handOn(family.get(message.to)?.child, message.upgrade, handle as Handle | undefined);
          break;
      }
    });
    const onEnd = () => reject(new Error(`Gateway ${name} ended before it was ready`));
    gone.then(onEnd, onEnd);
  });
  return {
    child,
    url,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    // It could not even be started.
    child.once("error", () => resolve());
  });
}

/** Tells everyone who there is, and where. */
function introduce(family: Family): void {
  const ports = [...family].flatMap(([name, { privatePort }]) =>
    privatePort === null ? [] : [[name, privatePort] as const],
  );
  const message: ToGateway = { type: "siblings", privatePorts: Object.fromEntries(ports) };
  for (const { child } of family.values()) send(child, message);
}

/** Hands a connection on to the one whose session it belongs to. */
function handOn(to: ChildProcess | undefined, upgrade: Upgrade, handle: Handle | undefined): void {
  const close = () => handle?.close();
  if (to === undefined) close();
  else send(to, { type: "upgrade", upgrade }, handle, close);
}

function send(to: ChildProcess, message: ToGateway, handle?: Handle, sent = () => {}): void {
  // What cannot be sent any more goes to one that ends: its exit tells the rest.
  if (to.connected) to.send(message, sendable(handle), {}, sent);
  else sent();
}
