/** The pages that whoever runs Eddy, and the tools of its users, read. They are outside /v1. */
export const operatingPaths = {
  "/healthz": page("healthz", "Is the process alive?", { 200: "Alive." }),
  "/readyz": page("readyz", "Can it serve, with all that it needs?", {
    200: "It can.",
    503: "It cannot: it is starting or stopping, or something that it needs is down.",
  }),
  "/metrics": page("metrics", "Numbers for Prometheus.", { 200: "In the text format." }),
  "/openapi.json": page("openapi", "This document.", { 200: "OpenAPI 3.1." }),
  "/asyncapi.json": page("asyncapi", "The Socket.IO half.", { 200: "AsyncAPI 3.0." }),
  "/docs": page("docs", "The guide, for people.", { 200: "HTML." }),
};

/** What is not JSON: files that go in and out. */
export const filePaths = {
  "/v1/imports/{id}/parts/{part}": {
    put: {
      operationId: "import_part",
      summary: "A piece of a file that is imported, as bytes. Sent again, it replaces itself.",
      tags: ["import"],
      security: [{ bearer: [] }],
      parameters: [
        inPath("id", { type: "string" }),
        inPath("part", { type: "integer", minimum: 1 }),
      ],
      requestBody: { required: true, content: { "application/octet-stream": {} } },
      responses: {
        204: { description: "It is here." },
        403: { description: "Only platform administrators import." },
        409: { description: "The import was started already." },
        413: { description: "The part is too large, or the file." },
      },
    },
  },
  "/v1/rooms/{room}/export": {
    get: {
      operationId: "room_export",
      summary: "All messages of a room as they are now, oldest first.",
      tags: ["room"],
      security: [{ bearer: [] }],
      parameters: [
        inPath("room", { type: "string" }),
        { name: "format", in: "query", schema: { enum: ["jsonl", "text"], default: "jsonl" } },
      ],
      responses: {
        200: {
          description: "JSON Lines that can be imported again, or text to read.",
          content: { "application/jsonl": {}, "text/plain": {} },
        },
        404: { description: "There is no such room." },
      },
    },
  },
};

function inPath(name: string, schema: object) {
  return { name, in: "path", required: true, schema };
}

function page(operationId: string, summary: string, answers: Record<number, string>) {
  const responses = Object.fromEntries(
    Object.entries(answers).map(([status, description]) => [status, { description }]),
  );
  return { get: { operationId, summary, tags: ["operating"], security: [], responses } };
}
