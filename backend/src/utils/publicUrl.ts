import ipaddr from 'ipaddr.js';

/** Names that resolve on the machine itself or in its network, never in the public DNS. */
const LOCAL_NAME = /(^|\.)(localhost|localdomain|local|internal|lan|home\.arpa)$/;
/** Global unicast addresses of IPv6 are assigned from 2000::/3 only. */
const isGlobalV6 = ({ parts }: ipaddr.IPv6): boolean => ((parts[0] ?? 0) & 0xe000) === 0x2000;

function isPublicAddress(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  // Every other range is private, reserved, or embeds an IPv4 address (mapped, NAT64, 6to4, Teredo).
  return address.range() === 'unicast' && (!(address instanceof ipaddr.IPv6) || isGlobalV6(address));
}

/**
 * True when a URL is https and its host is publicly reachable. `URL` normalizes every notation of an IPv4 address
 * (`0x7f.1`, `2130706433`) to dotted decimals. A public name may still resolve to a private address; that is acceptable
 * because the server never opens these URLs.
 */
export function isPublicUrl(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  if (protocol !== 'https:') return false;
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  if (ipaddr.isValid(host)) return isPublicAddress(ipaddr.parse(host));
  return host.includes('.') && !LOCAL_NAME.test(host);
}
