import ipaddr from 'ipaddr.js';
import { isPublicAddress, literalAddress, type IpAddress } from '../utils/publicAddress.js';

/** A label of a host name, or `*` as the first one: any name below the rest. */
const HOST_RULE = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

const isRange = (rule: string): boolean => rule.includes('/') && ipaddr.isValidCIDR(rule);

/** True for an address, a CIDR range, a host name, or `*.` and a host name. */
export const isAllowRule = (rule: string): boolean =>
  rule.includes('/') ? isRange(rule) : ipaddr.isValid(rule) || HOST_RULE.test(rule);

/** Decides which hosts and addresses outgoing requests may have besides the public ones (`OUTGOING_ALLOW_PRIVATE`). */
export class AllowedHosts {
  readonly #names = new Set<string>();
  /** Ends of names, each with its leading dot. */
  readonly #suffixes: string[] = [];
  readonly #ranges: [IpAddress, number][] = [];

  /** @param rules entries for which `isAllowRule` is true. */
  constructor(rules: readonly string[]) {
    for (const rule of rules) {
      if (isRange(rule)) this.#ranges.push(ipaddr.parseCIDR(rule));
      else if (ipaddr.isValid(rule)) {
        const address = ipaddr.parse(rule);
        this.#ranges.push([address, address.toByteArray().length * 8]);
      } else if (rule.startsWith('*.')) this.#suffixes.push(rule.slice(1));
      else this.#names.add(rule);
    }
  }

  /** True for a host name or literal address that is listed. It may use plain http and resolve to any address. */
  lists(host: string): boolean {
    const address = literalAddress(host);
    if (address !== undefined) return this.#covers(address);
    return this.#names.has(host) || this.#suffixes.some((suffix) => host.endsWith(suffix));
  }

  /** True for an address that a connection may have: a public one, or one that is listed. */
  permits(address: string): boolean {
    const parsed = literalAddress(address);
    return parsed !== undefined && (isPublicAddress(parsed) || this.#covers(parsed));
  }

  #covers(address: IpAddress): boolean {
    return this.#ranges.some(
      ([range, bits]) => address.kind() === range.kind() && address.match(range, bits),
    );
  }
}
