/** Acts as often as possible with a fixed number in flight, for a time; answers how often. */
export async function saturate(
  act: () => Promise<unknown>,
  options: { inFlight: number; seconds: number },
): Promise<number> {
  const end = performance.now() + options.seconds * 1_000;
  let done = 0;
  const repeat = async () => {
    while (performance.now() < end) {
      await act();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: options.inFlight }, repeat));
  return done;
}
