/** Something that tells its listeners, by event name. */
export interface Listenable<Events> {
  /** Calls `listener` at every such event; what it returns ends that. */
  on: <N extends keyof Events>(name: N, listener: (data: Events[N]) => void) => () => void;
}

export interface Emitter<Events> extends Listenable<Events> {
  emit: <N extends keyof Events>(name: N, data: Events[N]) => void;
}

/**
 * An emitter whose listeners cannot break the one who tells: what a listener throws surfaces as an
 * uncaught error, after the others were told.
 */
export function createEmitter<Events>(): Emitter<Events> {
  const listeners: { [N in keyof Events]?: Set<(data: Events[N]) => void> } = {};
  return {
    on(name, listener) {
      const set = (listeners[name] ??= new Set());
      // A wrapper of its own, so that the same function may listen twice.
      const entry = (data: Events[typeof name]) => listener(data);
      set.add(entry);
      return () => void set.delete(entry);
    },
    emit(name, data) {
      // Those who join or leave while it is told do so for the next time.
      for (const listener of Array.from(listeners[name] ?? [])) {
        try {
          listener(data);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}
