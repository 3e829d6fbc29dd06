const MINUTE_MS = 60_000;

/**
 * Calls back at the start of every minute, so at midnight, too: "last seen 3 min ago" and "Today" grow old.
 *
 * @param {() => void} listener
 * @returns {() => void} stops it
 */
export function everyMinute(listener) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const wait = () => {
    timer = setTimeout(
      () => {
        wait();
        listener();
      },
      MINUTE_MS - (Date.now() % MINUTE_MS),
    );
  };
  wait();
  return () => clearTimeout(timer);
}
