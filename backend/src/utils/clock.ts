/** Monotonic time in ms, for deadlines and ages. Wall time (`Date.now`) is only for stored or displayed times. */
export const monotonicMs = (): number => performance.now();

/** Resolves after `delayMs`; the timer does not keep the process alive. */
export const sleep = (delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, delayMs).unref();
  });
