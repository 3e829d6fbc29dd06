/** A guard against hanging, no promise about speed: a machine whose cores are busy takes many times what an idle one takes. */
const GUARD_MS = 60_000;

/** Polls until `check` gives something truthy (or stops throwing), at most `timeoutMs`; then fails with the last error. */
export async function until<T>(
  check: () => T | Promise<T>,
  { timeoutMs = GUARD_MS, everyMs = 20, what = 'the condition' } = {},
): Promise<NonNullable<T>> {
  const endMs = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== null && value !== undefined && value !== false) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > endMs)
      throw new Error(`${what} did not come true in ${timeoutMs} ms`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
