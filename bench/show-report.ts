import type { Report } from "./benchmark.ts";
import { describeMachine } from "./machine.ts";
import { renderTable } from "./table.ts";

/** A report in Markdown, to print and to keep. */
export function showReport({ title, claims, tables, method, versions }: Report): string {
  const sections = [
    `# ${title}`,
    list(claims),
    ...tables.map(renderTable),
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
