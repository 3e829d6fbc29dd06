import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Hextets of an IPv6 address that name a customer's network: within it everybody may take as many as they like. */
const NETWORK_HEXTETS = 4;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Who a request comes from, as far as that can be known: the other end of the connection or, behind as many proxies as
 * the operator says there are, what the outermost of them saw. What stands further left in `X-Forwarded-For` was sent
 * by the client, who may write anything there.
 *
 * @param trustedProxies how many proxies of the operator stand before this server; 0 ignores the header.
 */
export function addressOf(
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
  trustedProxies: number,
): string {
  const direct = request.socket.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return toAddressKey(direct);
  const header = request.headers['x-forwarded-for'];
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? ''))
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  // Fewer than there should be: it came past the proxies, and what it says was written by the client.
  const seen = hops.at(-trustedProxies) ?? direct;
  return toAddressKey(isIP(seen) === 0 ? direct : seen);
}

/** What counts as one source: an IPv4 address, or the network of an IPv6 address. */
export function toAddressKey(address: string): string {
  const mapped = MAPPED_IPV4.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const hextets = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return `${hextets
    .slice(0, NETWORK_HEXTETS)
    .map((hextet) => hextet.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
