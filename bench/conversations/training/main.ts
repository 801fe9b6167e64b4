import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { readAnnotatedLogs } from "../annotated-log.ts";
import { trainModel } from "./train.ts";

const DATA =
  "A Large-Scale Corpus for Conversation Disentanglement, Kummerfeld et al., ACL 2019, doi 10.18653/v1/P19-1374 (#ubuntu IRC logs)";
const LICENCE = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/";
const MODEL = fileURLToPath(
  new URL("../../../workers/conversations/conversations.model", import.meta.url),
);

process.exitCode = await main();

/** Makes the model anew from a folder of annotated logs; answers an exit code. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: "string", default: DATA },
      licence: { type: "string", default: LICENCE },
      out: { type: "string", default: MODEL },
    },
  });
  const [what, folder] = positionals;
  if (what !== "conversations" || folder === undefined) {
    console.error(
      "npm run train -- conversations DIR [--out FILE] [--data NAME --licence NAME]\n\n" +
        "DIR holds annotated logs (*.jsonl). Name whose they are, and under which licence,\n" +
        "when they are not those that Eddy's own model was learnt from.",
    );
    return 2;
  }
  const bytes = trainModel(await readAnnotatedLogs(folder), {
    source: { data: values.data, licence: values.licence },
    onProgress: (line) => console.info(line),
  });
  await writeFile(values.out, bytes);
  console.info(`${values.out}: ${bytes.length.toLocaleString("en")} bytes`);
  return 0;
}
