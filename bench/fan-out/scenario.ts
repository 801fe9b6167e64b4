import type { Speech } from "../crowd/speak.ts";
import type { Design } from "./design.ts";

/** Who is compared over which loads. */
export interface Scenario {
  title: string;
  /** Eddy first; the second is the one it is compared with. */
  designs: Design[];
  rooms: number;
  membersPerRoom: number;
  speakersPerRoom: number;
  loads: Load[];
  rounds: number;
  /** What profiles showed (`CPU_PROF_DIR`, or `perf record` of a gateway): see the date in git. */
  profile: string[];
}

/** One rate, and what is to be shown at it. */
export interface Load extends Speech {
  goal: Goal;
}

/** What Eddy is to reach against the second design, persistence and all. */
export interface Goal {
  /** Deliveries per CPU-second, to those of the other. */
  ratio: number;
  p50Ms?: number;
  p99Ms?: number;
  /** Eddy's p99 is at most the other's. */
  p99NoWorse?: boolean;
  deliveriesPerSecond?: number;
}
