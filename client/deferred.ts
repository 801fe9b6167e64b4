export interface Deferred {
  promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/** A promise that is settled from outside. One that nobody waits for rejects without a sound. */
export function deferred(): Deferred {
  let settle: ((error: Error | null) => void) | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === null ? resolve() : reject(error));
  });
  promise.catch(() => null);
  return {
    promise,
    resolve: () => settle?.(null),
    reject: (error) => settle?.(error),
  };
}
