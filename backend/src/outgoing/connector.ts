import { lookup as resolve, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { OutgoingRefused } from '../services/outgoing.js';
import { bareHost, literalAddress } from '../utils/publicAddress.js';
import type { AllowedHosts } from './allowedHosts.js';

/** Time for name resolution, connecting and TLS, in ms. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Connections per receiver: a slow one takes no more than this. */
const MAX_CONNECTIONS_PER_ORIGIN = 32;
const MAX_HEADER_BYTES = 16_384;

/** `dns.lookup` with all addresses. */
export type Resolve = (
  host: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const resolveAll: Resolve = (host, callback) => resolve(host, { all: true }, callback);

/**
 * Resolves a name for one connection and leaves out addresses that are not allowed. The connection uses these addresses, so a
 * name cannot point elsewhere between check and use (DNS rebinding). Node does not call it for literal addresses.
 */
export function createLookup(hosts: AllowedHosts, resolver: Resolve = resolveAll): LookupFunction {
  return (host, options, callback) => {
    resolver(host, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const isListed = hosts.lists(bareHost(host));
      const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
      const addresses = found.filter(
        (one) => (family === 0 || one.family === family) && (isListed || hosts.permits(one.address)),
      );
      const [first] = addresses;
      if (first === undefined) {
        callback(new OutgoingRefused('address'), []);
        return;
      }
      if (options.all === true) {
        callback(null, addresses);
        return;
      }
      callback(null, first.address, first.family);
    });
  };
}

/** Connections of this process, and nothing that a proxy variable of the environment could redirect. */
const createAgent = (connect: buildConnector.connector): Agent =>
  new Agent({ connect, connections: MAX_CONNECTIONS_PER_ORIGIN, maxHeaderSize: MAX_HEADER_BYTES });

/** Connects to allowed addresses only: checks literal addresses itself and resolved ones in `createLookup`. */
export function createGuardedAgent(hosts: AllowedHosts, resolver?: Resolve): Agent {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: createLookup(hosts, resolver) });
  return createAgent((options, callback) => {
    const host = bareHost(options.hostname);
    const isRefused = literalAddress(host) !== undefined && !hosts.permits(host);
    if (isRefused) {
      callback(new OutgoingRefused('address'), null);
      return;
    }
    connect(options, callback);
  });
}

/** Connects to every address: for URLs of the operator. */
export const createOpenAgent = (): Agent => createAgent(buildConnector({ timeout: CONNECT_TIMEOUT_MS }));
