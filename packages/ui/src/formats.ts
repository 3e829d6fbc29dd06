/** Times and numbers as people read them, in the language of the app and the time zone of the device. */
export interface Formats {
  /** 14:05 */
  clock: (iso: string) => string;
  /** 29 November 2026, from a calendar day as `2026-11-29`. */
  day: (day: string) => string;
  /** For lists: the time today, `yesterday`, a weekday, or a short date. */
  listTime: (iso: string, now: number, yesterday: string) => string;
  /** Days between a moment's date and today; 0 is today. */
  daysAgo: (iso: string, now: number) => number;
  shortDay: (iso: string) => string;
  /** 1:05, from ms. */
  duration: (durationMs: number) => string;
  bytes: (count: number) => string;
  price: (price: { amount: string; currency: string }) => string;
  number: (value: number) => string;
}

const DAY_MS = 86_400_000;
const MINUTE_S = 60;

/** @param language tag of a language, for example `de` */
export function createFormats(language: string): Formats {
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
  const weekday = new Intl.DateTimeFormat(language, { weekday: 'long' });
  const short = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });
  // Calendar days have no time zone: read and written in UTC.
  const long = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const daysAgo = (iso: string, now: number): number =>
    Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(iso).setHours(0, 0, 0, 0)) / DAY_MS);
  return {
    clock: (iso) => clock.format(new Date(iso)),
    day: (day) => long.format(new Date(`${day}T00:00:00Z`)),
    shortDay: (iso) => short.format(new Date(iso)),
    daysAgo,
    listTime(iso, now, yesterday) {
      const days = daysAgo(iso, now);
      if (days <= 0) return clock.format(new Date(iso));
      if (days === 1) return yesterday;
      return (days < 7 ? weekday : short).format(new Date(iso));
    },
    duration(durationMs) {
      const seconds = Math.max(0, Math.round(durationMs / 1_000));
      return `${Math.floor(seconds / MINUTE_S)}:${String(seconds % MINUTE_S).padStart(2, '0')}`;
    },
    bytes: (count) => formatBytes(count, numbers),
    number: (value) => numbers.format(value),
    price: ({ amount, currency }) => formatPrice(amount, currency, language),
  };
}

const UNITS = ['B', 'kB', 'MB', 'GB'];

function formatBytes(count: number, numbers: Intl.NumberFormat): string {
  const power = count < 1_000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
  return `${numbers.format(count / 1_000 ** power)} ${UNITS[power] ?? ''}`;
}

/** A currency that this device does not know is written as it is. */
function formatPrice(amount: string, currency: string, language: string): string {
  try {
    return new Intl.NumberFormat(language, { style: 'currency', currency }).format(Number(amount));
  } catch {
    return `${amount} ${currency}`;
  }
}
