/** Times as people read them, in their own language. What orders messages is `seq`; these are for show. */

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const longDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });

const DAY_MS = 86_400_000;

/** @param {string} iso */
export const clockTime = (iso) => clock.format(new Date(iso));

/** @param {string} iso */
export const fullTime = (iso) => `${longDay.format(new Date(iso))}, ${clockTime(iso)}`;

/** Names a local day: equal for two moments of one. @param {string} iso */
export const dayKey = (iso) => new Date(iso).toDateString();

/**
 * Days between a moment's date and today.
 *
 * @param {string} iso
 * @param {Date} now
 */
function daysAgo(iso, now) {
  const then = new Date(iso).setHours(0, 0, 0, 0);
  return Math.round((new Date(now).setHours(0, 0, 0, 0) - then) / DAY_MS);
}

/** @param {string} iso */
export function dayName(iso, now = new Date()) {
  const days = daysAgo(iso, now);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days > 1 && days < 7 ? weekday.format(new Date(iso)) : longDay.format(new Date(iso));
}

/** For the list: short. @param {string} iso */
export function listTime(iso, now = new Date()) {
  const days = daysAgo(iso, now);
  if (days <= 0) return clockTime(iso);
  if (days === 1) return 'Yesterday';
  return days < 7 ? weekday.format(new Date(iso)) : shortDay.format(new Date(iso));
}

/** @param {string} iso */
export function lastSeen(iso, now = new Date()) {
  const minutes = Math.floor((now.getTime() - new Date(iso).getTime()) / 60_000);
  if (minutes < 1) return 'last seen just now';
  if (minutes < 60) return `last seen ${minutes} min ago`;
  const days = daysAgo(iso, now);
  if (days === 0) return `last seen today at ${clockTime(iso)}`;
  if (days === 1) return `last seen yesterday at ${clockTime(iso)}`;
  return `last seen ${shortDay.format(new Date(iso))}`;
}

/** @param {number} count */
export const badge = (count) => (count > 99 ? '99+' : String(count));

/** @param {number} ms */
export function durationText(ms) {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** @param {number} bytes */
export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
