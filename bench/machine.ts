import { cpus, loadavg, release, totalmem, type } from "node:os";

/** What the figures were measured on, in lines. */
export function describeMachine(versions: Record<string, string>): string[] {
  const [cpu] = cpus();
  const programs = Object.entries({ Node: process.versions.node, ...versions });
  return [
    `${cpu?.model.trim() ?? "unknown CPU"}, ${cpus().length} cores, ${gigabytes(totalmem())} GB of memory`,
    `${type()} ${release()}; ${programs.map((each) => each.join(" ")).join(", ")}`,
    `${new Date().toISOString().slice(0, 10)}; load average at the end ${loadavg()[0]?.toFixed(1)}`,
  ];
}

function gigabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 30);
}
