import { createServer, type AddressInfo } from "node:net";

/**
 * The port for a gateway to listen on, for all of this run: one that is free where 0 is asked for.
 * Errors: when it is taken, with how to choose another.
 */
export async function choosePort(wanted: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(wanted, resolve);
    });
    return (server.address() as AddressInfo).port;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new Error(
        `Port ${wanted} is taken by another program. Choose another one: PORT=${wanted === 65_535 ? 3_000 : wanted + 1} npm start`,
        { cause: error },
      );
    }
    throw new Error(
      `Nothing can listen on port ${wanted} here (${code}). Choose another one: PORT=3000 npm start`,
      {
        cause: error,
      },
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
