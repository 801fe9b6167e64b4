/**
 * Runs acts one after the other, also those that an act asks for: they wait until it is done.
 *
 * Without it a listener that sends a message while the outbox tells of another would get its
 * message out in front of one that is older.
 */
export function inTurn(): (act: () => void) => void {
  const waiting: (() => void)[] = [];
  let running = false;
  return (act) => {
    waiting.push(act);
    if (running) return;
    running = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
    } finally {
      running = false;
    }
  };
}
