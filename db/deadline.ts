/** What `withDeadline` answers when the time is up. */
export const late = Symbol("late");

/** Waits for work, but no longer than a deadline. The work itself goes on. Errors: those of the work. */
export async function withDeadline<T>(
  work: Promise<T>,
  deadlineMs: number,
): Promise<T | typeof late> {
  let timer: NodeJS.Timeout | undefined;
  const timeIsUp = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), deadlineMs);
  });
  try {
    return await Promise.race([work, timeIsUp]);
  } finally {
    clearTimeout(timer);
  }
}
