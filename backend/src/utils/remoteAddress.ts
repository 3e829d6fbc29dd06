import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Leading hextets of an IPv6 address that identify a customer's network (/64); a customer can use every address within
 * it.
 */
const NETWORK_HEXTETS = 4;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Returns the client address of a request, for rate limits. Without proxies it is the remote end of the connection.
 * Behind proxies it is the address that the outermost trusted proxy saw. Entries further left in `X-Forwarded-For` are
 * sent by the client and cannot be trusted.
 *
 * @param trustedProxies number of the operator's proxies in front of this server; 0 ignores the header.
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
  // Fewer entries than proxies: the request bypassed them, so the client wrote the header.
  const seen = hops.at(-trustedProxies) ?? direct;
  return toAddressKey(isIP(seen) === 0 ? direct : seen);
}

/** Normalizes an address to a rate-limit key: an IPv4 address, or the /64 network of an IPv6 address. */
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
