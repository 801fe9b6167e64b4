import { Presets, SingleBar } from "cli-progress";

/** A bar on a terminal; nothing where nobody looks. */
export interface Progress {
  show: (done: number) => void;
  /** A line above the bar. */
  say: (line: string) => void;
  close: () => void;
}

/** Shows how far a replay is. */
export function openProgress(total: number): Progress {
  const bar = new SingleBar(
    { format: "{bar} {value}/{total} · {duration_formatted}, {eta_formatted} left" },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return {
    show: (done) => bar.update(done),
    say: (line) => {
      if (process.stderr.isTTY) process.stderr.write("\r\u001B[K");
      console.warn(line);
    },
    close: () => bar.stop(),
  };
}
