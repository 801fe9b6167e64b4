import { readBacklog } from "../../db/redis/dirty.ts";
import type { Backstage } from "./final-state.ts";
import type { Recorder } from "./recorder.ts";
import type { EddyProcess, Stack } from "./stack/stack.ts";

const PROCESSES_EVERY_MS = 1_000;
const BACKLOG_EVERY_MS = 100;
const DEADLINE_MS = 500;

/** Notes what processes take, and what waits to be stored, until it is told to end. */
export function takeSamples(stack: Stack, backstage: Backstage, recorder: Recorder): () => void {
  const gateways = new Set(stack.gateways);
  const sample = async (one: EddyProcess) => {
    const resources = one.resources();
    if (resources === null) return;
    const unreadMb = gateways.has(one) ? await unreadOf(one) : 0;
    recorder.add({ kind: "sample", process: one.name, ...resources, unreadMb });
  };
  const timers = [
    setInterval(() => {
      for (const one of [...stack.gateways, ...stack.workers]) void sample(one);
    }, PROCESSES_EVERY_MS),
    setInterval(() => {
      readBacklog(backstage.link, Date.now()).then(
        ({ facts }) => recorder.add({ kind: "backlog", facts }),
        // Redis is away.
        () => {},
      );
    }, BACKLOG_EVERY_MS),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** What waits in a gateway because sockets do not read; 0 while it does not answer. */
async function unreadOf({ url }: EddyProcess): Promise<number> {
  const text = await fetch(`${url()}/metrics`, { signal: AbortSignal.timeout(DEADLINE_MS) })
    .then((response) => response.text())
    .catch(() => "");
  const bytes = /^eddy_unread_bytes (\d+)/mu.exec(text)?.[1] ?? "0";
  return Math.round(Number(bytes) / 1_000_000);
}
