import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, test } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));

async function bench(...args: string[]): Promise<string> {
  const tsx = path.join(root, "node_modules", "tsx", "dist", "cli.mjs");
  const run = promisify(execFile)(process.execPath, [tsx, "bench/main.ts", ...args], { cwd: root });
  return (await run).stdout;
}

/** Cells of the row that begins with a name, in the table under a heading. */
function rowOf(report: string, heading: string, name: string): string[] {
  const table = report.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const row = table.split("\n").find((line) => line.startsWith(`| ${name}`)) ?? "";
  return row.split("|").map((cell) => cell.trim());
}

const RATIO = /^×\d+\.\d+ \(\d+\.\d+–\d+\.\d+\)$/u;

describe("the benchmarks, run quickly", () => {
  test("append compares one script with separate commands, with both ways of flushing", async () => {
    const report = await bench("append", "--quick");
    for (const flushing of ["everysec", "always"]) {
      const way = "Eddy: one script";
      const saturated = rowOf(report, `Saturated, appendfsync ${flushing}`, way);
      expect(saturated[3]).toMatch(RATIO);
      const latency = rowOf(report, `Latency, appendfsync ${flushing}`, "separate commands");
      expect(latency[4]).toMatch(RATIO);
    }
    expect(report).toContain("Every seq was there, once.");
  });

  test("filters compares one pass with an expression for each rule", async () => {
    const report = await bench("filters", "--quick");
    const [, , us = ""] = rowOf(report, "Lines of a conversation", "Eddy: one pass");
    expect(Number.parseFloat(us)).toBeLessThan(50);
  });

  // Ten processes to start: slow when other test files run beside it.
  test("store compares one drain with one job each, and loses nothing", async () => {
    const report = await bench("store", "--quick");
    for (const load of ["Saturated", "Paced, 800 messages/s"]) {
      const [, , perCpuSecond, ratio] = rowOf(report, load, "Eddy:");
      expect(Number.parseInt(perCpuSecond?.replace(",", "") ?? "", 10)).toBeGreaterThan(0);
      expect(ratio).toMatch(RATIO);
    }
    expect(report.match(/All [\d,]+ accepted messages were in Postgres: 0 lost/gu)).toHaveLength(2);
  }, 60_000);

  // Each starts Eddy with its stores, and a peer or two: slow when other test files run beside it.
  test.each([
    ["fan-out", "50 messages/s"],
    ["many-rooms", "100 messages/s"],
    ["stored-rooms", "100 messages/s"],
  ])(
    "%s compares deliveries with a peer, and loses none",
    async (name, heading) => {
      const report = await bench(name, "--quick");
      const [, , perCpuSecond, ratio] = rowOf(report, heading, "Eddy,");
      expect(Number.parseInt(perCpuSecond?.replace(",", "") ?? "", 10)).toBeGreaterThan(0);
      expect(ratio).toMatch(RATIO);
      expect(report).toMatch(/Every member got every one of Eddy's [\d,]+ messages/u);
    },
    90_000,
  );

  test("idle compares the memory of connections, with all that Eddy keeps of them", async () => {
    const report = await bench("idle", "--quick");
    const row = rowOf(report, "KB for each connection", "Eddy");
    expect(row[3]).toMatch(RATIO);
    expect(report).toContain("100 connections cost Eddy");
  }, 90_000);

  test("storm serves everyone who comes back all they missed", async () => {
    const report = await bench("storm", "--quick");
    expect(report).toMatch(/40 clients connect at once.* 200 messages: Eddy has served all/u);
    expect(rowOf(report, "Everyone comes back", "each reads")[2]).toMatch(/^[\d,.]+ \(/u);
  }, 90_000);

  test("never-reading measures those who read beside those who do not", async () => {
    const report = await bench("never-reading", "--quick");
    expect(report).toContain("Everyone who read got every message, in order.");
    const [, , , more, , , ratio] = rowOf(
      report,
      "10 members who read, 20 messages/s of 4 KB",
      "Eddy, storing everything, and",
    );
    expect(more).toMatch(/\(/u);
    expect(ratio).toMatch(RATIO);
  }, 120_000);

  test("missed tells all that was missed after each absence", async () => {
    const report = await bench("missed", "--quick");
    expect(rowOf(report, "Time to answer", "5,000")[2]).toMatch(/^[\d.]+$/u);
    expect(report).toMatch(/p99 .* after 100, 1,000, 5,000 missed messages/u);
  }, 90_000);

  test("conversations scores the grouping against annotated logs", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "eddy-annotated-"));
    const rows = [
      ["ada", "hello, how can I mount an ntfs partition in ubuntu?", 1],
      ["linus", "anyone know why my sound card is not working after the upgrade?", 2],
      ["grace", "ada: sudo mount -t ntfs-3g /dev/sda1 /mnt", 1],
      ["hedy", "linus: check the mixer with alsamixer first", 2],
    ].map(([user, text, parent], i) => {
      const said = { id: i + 1, time: (i + 1) * 60, user, text, parents: [parent] };
      return JSON.stringify({ ...said, system: false, annotated: true });
    });
    await writeFile(path.join(folder, "talk.jsonl"), rows.join("\n"));
    const predictions = path.join(folder, "predictions");
    const report = await bench("conversations", folder, "--quick", "--predictions", predictions);
    expect(rowOf(report, "Agreement with annotators", "Eddy")).toEqual(
      expect.arrayContaining(["100.0/100.0/100.0"]),
    );
    expect(report).toContain("4 annotated messages of 1 log:");
    const first = (await readFile(predictions, "utf8")).split("\n")[0] ?? "";
    expect(JSON.parse(first)).toEqual({ file: "talk", id: 1, parent: 1 });
    await rm(folder, { recursive: true });
  });

  test("what needs data is not run without", async () => {
    const failed = await bench("conversations", "--quick").catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 2, stdout: expect.stringContaining("name its data") });
  });

  test("a name that there is none of is answered with the list", async () => {
    const failed = await bench("apend").catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 2, stdout: expect.stringContaining("append") });
  });
});
