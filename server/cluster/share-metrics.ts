import type { Server, ServerResponse } from "node:http";

import { AggregatorRegistry, type Registry } from "prom-client";

import { divertRequests } from "./divert.ts";
import type { Siblings } from "./siblings.ts";

type Metrics = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** One that takes longer is left out: what all others say is worth more. */
const ANSWER_DEADLINE_MS = 1_000;

/**
 * Lets whichever gateway is asked for `/metrics` answer for all of its port, each with a label
 * `gateway`: nobody can choose which of them a scrape reaches. Asked by a sibling, on the private
 * port, it answers for itself.
 */
export function shareMetrics(
  http: Server,
  {
    registry,
    siblings,
    privatePort,
  }: { registry: Registry; siblings: Siblings; privatePort: number },
): void {
  registry.setDefaultLabels({ gateway: siblings.name });
  divertRequests(http, (request, response) => {
    if (request.url !== "/metrics") return false;
    const isSibling = request.socket.localPort === privatePort;
    void (isSibling ? answerSibling(response, registry) : answerAll(response, registry, siblings));
    return true;
  });
}

async function answerSibling(response: ServerResponse, registry: Registry): Promise<void> {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(await registry.getMetricsAsJSON()));
}

async function answerAll(
  response: ServerResponse,
  registry: Registry,
  siblings: Siblings,
): Promise<void> {
  const theirs = siblings.others().map(askForMetrics);
  const all = await Promise.all([registry.getMetricsAsJSON(), ...theirs]);
  // The label keeps them apart: of each there is one value.
  const each = all.map((metrics) =>
    metrics.map((one) => ({ ...one, aggregator: "first" as const })),
  );
  response.setHeader("Content-Type", registry.contentType);
  response.end(await AggregatorRegistry.aggregate(each).metrics());
}

async function askForMetrics(privatePort: number): Promise<Metrics> {
  try {
    const response = await fetch(`http://127.0.0.1:${privatePort}/metrics`, {
      signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
    });
    return (await response.json()) as Metrics;
  } catch {
    return [];
  }
}
