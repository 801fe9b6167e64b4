/** Where a client's tokens come from: a fixed one, or the app, asked when a newer one is needed. */
export interface Session {
  /** Whether another token may be had. */
  readonly renewable: boolean;
  /** The present token; a newer one with `fresh`. Rejects with what `getToken` throws. */
  token(fresh?: boolean): Promise<string | null> | string | null;
}

/**
 * A session over `token` and `getToken`. The app is asked once at a time, and only when there is
 * no token yet or the last one was refused: ten thousand clients that reconnect must not bring
 * down the host's sign-in too.
 */
export function createSession({
  token = null,
  getToken,
}: {
  token?: string | null | undefined;
  getToken?: (() => Promise<string> | string) | undefined;
}): Session {
  let present = token;
  let asking: Promise<string> | null = null;
  if (getToken === undefined) return { renewable: false, token: () => present };

  const ask = async (): Promise<string> => {
    try {
      present = await getToken();
      return present;
    } finally {
      asking = null;
    }
  };
  return {
    renewable: true,
    token(fresh = false) {
      if (present !== null && !fresh) return present;
      asking ??= ask();
      return asking;
    },
  };
}
