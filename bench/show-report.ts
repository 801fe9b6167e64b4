import type { Report } from "./benchmark.ts";
import { describeMachine } from "./machine.ts";
import { renderTable } from "./table.ts";

/** A report in Markdown, to print and to keep. `picture` is the file of its plots beside it. */
export function showReport(report: Report, picture: string | null): string {
  const { title, claims, tables, profile, method, versions } = report;
  const sections = [
    `# ${title}`,
    list(claims),
    ...(picture === null ? [] : [`![${title}](${picture})`]),
    ...tables.map(renderTable),
    ...(profile === undefined ? [] : ["## What profiles show", list(profile)]),
    "## How it was measured",
    list(method),
    "## Machine",
    list(describeMachine(versions)),
  ];
  return `${sections.join("\n\n")}\n`;
}

function list(lines: string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
