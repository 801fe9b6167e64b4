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

function page(operationId: string, summary: string, answers: Record<number, string>) {
  const responses = Object.fromEntries(
    Object.entries(answers).map(([status, description]) => [status, { description }]),
  );
  return { get: { operationId, summary, tags: ["operating"], security: [], responses } };
}
