import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { exportJWK, generateKeyPair, type JWK } from "jose";

/** The host application's public keys, served as it would serve them. */
export interface KeyServer {
  url: string;
  /** The key pair of an algorithm, and under which name its public half is served. */
  of: (alg: string) => KeyPair & { kid: string };
  /** How it answers from now on: with its keys, or otherwise. */
  answer: (how: "keys" | "status 503" | "no JSON" | "no key set" | "cut off") => void;
  close: () => Promise<void>;
}

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** One key for each algorithm, made before anyone asks: a gateway does not look for new keys all the time. */
const ALGORITHMS = ["RS256", "PS256", "RS512", "ES256", "ES384", "EdDSA"];

/** Serves key sets on a free port. */
export async function serveKeys(): Promise<KeyServer> {
  const pairs = new Map<string, KeyPair & { kid: string }>();
  const served: JWK[] = [];
  for (const alg of ALGORITHMS) {
    const pair = await generateKeyPair(alg);
    pairs.set(alg, { ...pair, kid: `key-of-${alg}` });
    served.push({ ...(await exportJWK(pair.publicKey)), alg, kid: `key-of-${alg}`, use: "sig" });
  }
  let how: Parameters<KeyServer["answer"]>[0] = "keys";
  const server = createServer((_request, response) => {
    response.setHeader("Content-Type", "application/json");
    if (how === "cut off") response.destroy();
    else if (how === "status 503") response.writeHead(503).end("{}");
    else if (how === "no JSON") response.end("<html>");
    else response.end(JSON.stringify(how === "keys" ? { keys: served } : { keys: "none" }));
  }).listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/jwks.json`,
    of: (alg) => {
      const pair = pairs.get(alg);
      if (pair === undefined) throw new Error(`No key of ${alg}`);
      return pair;
    },
    answer: (next) => {
      how = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
