/** Sender of the notices of the app's backend: `SYSTEM_USER_ID` of the contract. */
export const SYSTEM_ID = 'parley:system';

/** Returns a new id that names a group for every attempt to create it. Also over plain HTTP, where `randomUUID` is missing. */
export function newId() {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
