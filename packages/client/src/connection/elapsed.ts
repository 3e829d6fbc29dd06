/** Longest wait that `setTimeout` takes; a longer one would end at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Begins to measure a duration. Returns a function that gives the ms since then. The larger of two clocks counts: the monotonic
 * one stops on some phones while they sleep, and the other one may be set back.
 */
export function startTimer(): () => number {
  const wallMs = Date.now();
  const steadyMs = performance.now();
  return () => Math.max(performance.now() - steadyMs, Date.now() - wallMs);
}
