/**
 * Runs at most `limit` tasks at a time; the others wait in order. The server runs few commands of one user at a time, and
 * refuses too many.
 */
export function createCommandQueue(limit: number): <Result>(task: () => Promise<Result>) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];

  return async (task) => {
    // The place of a task that ends is handed over, so that no newcomer takes it before.
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
