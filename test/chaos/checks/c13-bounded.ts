import type { Check } from "./check.ts";

/** What one process of Eddy's may take in a run, whatever happens to it. */
const ceilings = { rssMb: 400, descriptors: 500, unreadMb: 64 };

/** C13: memory, descriptors and buffers stay under their ceilings. */
export const bounded: Check = (history) =>
  history
    .of("sample")
    .flatMap((sample) =>
      (["rssMb", "descriptors", "unreadMb"] as const).flatMap((what) =>
        sample[what] <= ceilings[what]
          ? []
          : [`${sample.process} had ${what} ${sample[what]} at ${Math.round(sample.t)} ms`],
      ),
    );
