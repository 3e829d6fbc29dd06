/** Time that never steps: for deadlines and ages, in ms. Wall time (`Date.now`) is only for what is shown or stored. */
export const monotonicMs = (): number => performance.now();

/** Resolves after `delayMs`; the timer does not keep the process alive. */
export const sleep = (delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, delayMs).unref();
  });
