/** A table with a heading. */
export interface Table {
  title: string;
  columns: string[];
  rows: string[][];
}

/** A table in Markdown, its columns aligned so that a terminal shows it as well. */
export function renderTable({ title, columns, rows }: Table): string {
  const widths = columns.map((column, i) =>
    Math.max(...[column, ...rows.map((row) => row[i] ?? "")].map((cell) => cell.length)),
  );
  const line = (cells: string[]) =>
    `| ${widths.map((width, i) => pad(cells[i] ?? "", width, i)).join(" | ")} |`;
  const rule = widths.map((width, i) =>
    i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [`## ${title}`, "", line(columns), line(rule), ...rows.map(line)].join("\n");
}

/** The first column names, the others count. */
function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
