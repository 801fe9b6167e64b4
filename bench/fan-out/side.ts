import { machineCpuSeconds } from "../cpu-time.ts";
import { type Crowd, gatherCrowd, type Seating } from "../crowd/crowd.ts";
import { type Speech, speakTo } from "../crowd/speak.ts";
import { quantile } from "../spread.ts";
import { type Design, type Part, portOf, type Running } from "./design.ts";
import { readCpu } from "./read-cpu.ts";

/** A design at work with its crowd. */
export interface Side {
  name: string;
  versions: Record<string, string>;
  /** Errors: when Eddy lost something or got it out of order though it kept up; of a peer the leg says so. */
  run: (speech: Speech) => Promise<Leg>;
  close: () => Promise<void>;
}

/** What one load took. */
export interface Leg {
  /** Deliveries in a second, and in a second of the servers' CPU time. */
  perSecond: number;
  perCpuSecond: number;
  /** Share of what was due that had come; under `KEPT_UP` the servers are saturated. */
  keptUp: number;
  /** CPU time by part of the servers, in microseconds for each delivery. */
  cpuUs: Record<Part, number>;
  /** Cores that the servers used. */
  cores: number;
  p50Ms: number;
  p99Ms: number;
  ackP50Ms: number;
  ackP99Ms: number;
  /** Messages, all of which everyone got in order when `isWhole`. */
  messages: number;
  isWhole: boolean;
  clientBusy: number;
  /** Cores that neither servers nor clients used: other work on the machine makes a leg worth less. */
  otherCores: number;
  clientCores: number;
}

/** From here on a server is said to keep up: the last frames are always under way. */
const KEPT_UP = 0.97;

export function isSaturated({ keptUp }: Pick<Leg, "keptUp">): boolean {
  return keptUp < KEPT_UP;
}

/** Starts a design's servers and lets a crowd in. */
export async function openSide(
  design: Design,
  seating: Omit<Seating, "rooms"> & { rooms: number },
): Promise<Side> {
  let now = await openUp(design, seating);
  let isSpoilt = false;
  return {
    name: design.name,
    versions: now.running.versions,
    run: async (speech) => {
      // What a saturated server still has in its queues would be charged to the next leg.
      if (isSpoilt) {
        await close(now);
        now = await openUp(design, seating);
        isSpoilt = false;
      }
      const { running, crowd } = now;
      const leg = await runLeg(running, crowd, speech);
      isSpoilt = !leg.isWhole;
      if (isSpoilt && !isSaturated(leg) && design.isOurs) {
        throw new Error(`${design.name}: ${crowd.problems().join("; ")}`);
      }
      now.accepted += crowd.said;
      if (!isSpoilt) await running.settle(now.accepted);
      return leg;
    },
    close: () => close(now),
  };
}

interface Open {
  running: Running;
  crowd: Crowd;
  /** Messages since it was opened. */
  accepted: number;
}

async function openUp(
  design: Design,
  seating: Omit<Seating, "rooms"> & { rooms: number },
): Promise<Open> {
  const running = await design.start(seating.rooms);
  const crowd = await gatherCrowd({
    ports: running.gateways.map(portOf),
    dialect: design.dialect,
    seating: { ...seating, rooms: running.rooms },
  });
  return { running, crowd, accepted: 0 };
}

async function close({ running, crowd }: Open): Promise<void> {
  crowd.close();
  await running.close();
}

async function runLeg(running: Running, crowd: Crowd, speech: Speech): Promise<Leg> {
  let [before, after] = [readCpu(running), readCpu(running)];
  let [machineBefore, machineAfter] = [0, 0];
  const heard = await speakTo(crowd, speech, {
    begin: () => {
      before = readCpu(running);
      machineBefore = machineCpuSeconds();
    },
    end: () => {
      after = readCpu(running);
      machineAfter = machineCpuSeconds();
    },
  });
  const { deliveries, seconds, keptUp, clientBusy, clientCores } = heard;
  const cpu = (part: Part) => after[part] - before[part];
  const total = cpu("gateways") + cpu("worker") + cpu("redis") + cpu("postgres");
  const us = (part: Part) => (cpu(part) / deliveries) * 1e6;
  const latencies = heard.latenciesMs.toSorted((a, b) => a - b);
  const acks = heard.acksMs.toSorted((a, b) => a - b);
  return {
    perSecond: deliveries / seconds,
    perCpuSecond: deliveries / total,
    keptUp,
    cpuUs: {
      gateways: us("gateways"),
      worker: us("worker"),
      redis: us("redis"),
      postgres: us("postgres"),
    },
    cores: total / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    ackP50Ms: quantile(acks, 0.5),
    ackP99Ms: quantile(acks, 0.99),
    messages: crowd.said,
    isWhole: crowd.problems().length === 0,
    clientBusy,
    clientCores,
    otherCores: Math.max(0, (machineAfter - machineBefore - total) / seconds - clientCores),
  };
}
