import { useCallback, useSyncExternalStore } from 'react';
import { useParleyContext } from './provider.js';
import { dayOf, type Day } from './days.js';
import { useStorePart } from './store.js';

/** Interval of looking at the clock, in ms. A timer until midnight would be late after the device has slept. */
const LOOK_MS = 30_000;

/** Returns the current day by the server's clock, as far as it is known. Renders again when midnight has passed. */
export function useToday(): Day {
  const { client, now, timeZone } = useParleyContext();
  const offsetMs = useStorePart(client.state, ({ clockOffsetMs }) => clockOffsetMs);
  const getDay = useCallback(() => dayOf(now() + offsetMs, timeZone), [offsetMs, now, timeZone]);
  const subscribe = useCallback((listener: () => void) => {
    const timer = setInterval(listener, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return useSyncExternalStore(subscribe, getDay, getDay);
}
