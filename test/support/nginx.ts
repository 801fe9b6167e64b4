import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { freePort } from "../../server/embedded/free-port.ts";
import { endWithUs } from "./end-with-us.ts";
import { eventually } from "./eventually.ts";

/** A real nginx with deploy/nginx.conf. */
export interface Nginx {
  url: string;
  /** What it complained about. */
  output: () => string;
  stop: () => Promise<void>;
}

/** Whether there is an nginx here, and whole networks of loopback addresses to come to it from. */
export const hasNginx = process.platform === "linux" && spawnSync("nginx", ["-v"]).status === 0;

/** Starts nginx in front of two gateways. Resolves when it answers. */
export async function startNginx([first, second]: [number, number]): Promise<Nginx> {
  const home = await mkdtemp(path.join(tmpdir(), "eddy-nginx-"));
  const port = await freePort();
  const file = path.join(home, "nginx.conf");
  await writeFile(file, inPlace({ port, first, second }));
  const child = spawn("nginx", ["-p", home, "-c", file, "-e", "stderr"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (child.pid !== undefined) endWithUs({ pid: child.pid });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(output);
    await fetch(`${url}/healthz`);
  });
  return {
    url,
    output: () => output,
    stop: async () => {
      await endOf(child);
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function endOf(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

/** The configuration as it stands, but for where it is: one process, its own folder, gateways on the loopback. */
function inPlace(at: { port: number; first: number; second: number }): string {
  const shipped = readFileSync(new URL("../../deploy/nginx.conf", import.meta.url), "utf8");
  const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const changes: [from: string | RegExp, to: string][] = [
    [/^worker_\w+ .*;$/gmu, ""],
    // Addresses do not change here, and an older nginx does not know this.
    [/^ *resolver .*;$/gmu, ""],
    [/ resolve /gu, " "],
    [/gateway-1:3000/gu, `127.0.0.1:${at.first}`],
    [/gateway-2:3000/gu, `127.0.0.1:${at.second}`],
    ["listen 80;", `listen 127.0.0.1:${at.port};`],
    [
      "http {",
      `http {\naccess_log off;\n${folders.map((name) => `${name}_temp_path ${name};`).join("\n")}`,
    ],
  ];
  let text = `daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\n${shipped}`;
  for (const [from, to] of changes) {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`deploy/nginx.conf has no ${String(from)}`);
    text = changed;
  }
  return text;
}
