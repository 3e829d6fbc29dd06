/**
 * Addresses that others have sent: only what leads to the web is ever opened or shown. Pure functions.
 */

/**
 * @param {string | undefined} address
 * @returns {string | undefined} undefined for anything but `http` and `https`
 */
export function webAddress(address) {
  if (address === undefined) return undefined;
  try {
    const url = new URL(address);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Address of an uploaded file: the embedded store answers with paths of this server.
 *
 * @param {string | undefined} address
 */
export const fileAddress = (address) =>
  address?.startsWith('/files/') === true ? new URL(address, location.origin).href : webAddress(address);

/**
 * What the page's policy lets it show: over HTTPS, or from its own server.
 *
 * @param {string | undefined} address
 */
export function shownAddress(address) {
  const safe = fileAddress(address);
  return safe !== undefined && (safe.startsWith('https:') || new URL(safe).origin === location.origin)
    ? safe
    : undefined;
}
