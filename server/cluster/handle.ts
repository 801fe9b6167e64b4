import { Socket } from "node:net";

/**
 * What a socket of Node's stands on, and what Node's own cluster sends to other processes. A `net.Socket`
 * would not do: wherever one arrives it begins to read, and what it has read goes no further.
 */
export interface Handle {
  readStop: () => void;
  close: () => void;
}

/** A socket's handle; null when it is closed. */
export function handleOf(socket: Socket): Handle | null {
  const { _handle: handle } = socket as unknown as { _handle: Handle | null };
  return handle;
}

/** A socket, as an HTTP server has them, on a handle that another process sent. */
export function socketOn(handle: Handle): Socket {
  const options = { handle, allowHalfOpen: true, readable: true, writable: true };
  return new Socket(options).setNoDelay(true);
}

/** As Node's types know what may be sent; they do not know of handles. */
export function sendable(handle: Handle | undefined): Socket | undefined {
  return handle as unknown as Socket | undefined;
}
