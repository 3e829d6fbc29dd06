import ipaddr from 'ipaddr.js';

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** Global unicast addresses of IPv6 are assigned from 2000::/3 only. */
const isGlobalV6 = ({ parts }: ipaddr.IPv6): boolean => ((parts[0] ?? 0) & 0xe000) === 0x2000;

/**
 * True for addresses of the public internet. Every other range is private, reserved, or embeds an IPv4 address (mapped,
 * compatible, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: IpAddress): boolean {
  return address.range() === 'unicast' && (!(address instanceof ipaddr.IPv6) || isGlobalV6(address));
}

/** Host of a URL as it is resolved: without the brackets of an IPv6 address and without final dots. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');

/** Returns the address of a literal, undefined for a name. */
export const literalAddress = (host: string): IpAddress | undefined =>
  ipaddr.isValid(host) ? ipaddr.parse(host) : undefined;
