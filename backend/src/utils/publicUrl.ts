import { bareHost, isPublicAddress, literalAddress } from './publicAddress.js';

/** Names that resolve on the machine itself or in its network, never in the public DNS. */
const LOCAL_NAME = /(^|\.)(localhost|localdomain|local|internal|lan|home\.arpa)$/;

/**
 * True when a URL is https and its host is publicly reachable. `URL` normalizes every notation of an IPv4 address
 * (`0x7f.1`, `2130706433`) to dotted decimals. A public name may still resolve to a private address; that is acceptable
 * because the server never opens these URLs. Requests of the server itself pass `outgoing/`.
 */
export function isPublicUrl(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  if (protocol !== 'https:') return false;
  const host = bareHost(hostname);
  const address = literalAddress(host);
  if (address !== undefined) return isPublicAddress(address);
  return host.includes('.') && !LOCAL_NAME.test(host);
}
