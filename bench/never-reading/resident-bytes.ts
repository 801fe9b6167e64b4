import { readFileSync } from "node:fs";

const PAGE_BYTES = 4_096;

/**
 * Resident memory of processes, in bytes. Read in microseconds, unlike what is shared out fairly: clients
 * and servers must not wait for it, for their latencies are measured meanwhile.
 */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
    return sum + Number(pages) * PAGE_BYTES;
  }, 0);
}
