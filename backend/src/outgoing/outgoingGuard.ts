import type { Agent, Dispatcher } from 'undici';
import {
  OutgoingRefused,
  type OutgoingAnswer,
  type OutgoingRequest,
  type OutgoingRequests,
  type UrlSource,
} from '../services/outgoing.js';
import { bareHost, literalAddress } from '../utils/publicAddress.js';
import { AllowedHosts } from './allowedHosts.js';
import { createGuardedAgent, createOpenAgent, type Resolve } from './connector.js';

/** Longest time of a request from its start to the end of the answer, in ms. */
const TIMEOUT_MS = 15_000;
/** Bytes of an answer that are read. */
const MAX_ANSWER_BYTES = 64 * 1024;

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new OutgoingRefused('url');
  const url = new URL(text);
  if (url.hostname === '') throw new OutgoingRefused('url');
  return url;
}

const firstValues = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name.toLowerCase(), first]];
    }),
  );

/** Reads the body up to a bound and gives up the rest, and with it the connection. */
async function readBody(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<{ body: Buffer; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) return { body: Buffer.concat(chunks).subarray(0, maxBytes), isCut: true };
  }
  return { body: Buffer.concat(chunks), isCut: false };
}

/**
 * Makes every request of the server to other servers. URLs that arrive at run time reach public addresses over https only,
 * apart from the hosts and ranges of `OUTGOING_ALLOW_PRIVATE`; URLs of the operator reach any. Redirects are never followed,
 * proxies of the environment not used, compressed answers not expanded.
 */
export class OutgoingGuard implements OutgoingRequests {
  readonly #hosts: AllowedHosts;
  readonly #agents: Record<UrlSource, Agent>;

  /** @param resolver replaces the system's name resolution in tests. */
  constructor(allowPrivate: readonly string[], resolver?: Resolve) {
    this.#hosts = new AllowedHosts(allowPrivate);
    this.#agents = { runtime: createGuardedAgent(this.#hosts, resolver), operator: createOpenAgent() };
  }

  check(text: string, source: UrlSource): void {
    const url = parseUrl(text);
    const host = bareHost(url.hostname);
    const isTrusted = source === 'operator' || this.#hosts.lists(host);
    if (url.protocol !== 'https:' && !(isTrusted && url.protocol === 'http:'))
      throw new OutgoingRefused('scheme');
    if (url.username !== '' || url.password !== '') throw new OutgoingRefused('credentials');
    const isLiteral = literalAddress(host) !== undefined;
    if (isLiteral && !isTrusted && !this.#hosts.permits(host)) throw new OutgoingRefused('address');
  }

  async send(request: OutgoingRequest): Promise<OutgoingAnswer> {
    this.check(request.url, request.source);
    const timeout = AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
    const answer = await this.#dispatch(request, signal);
    const headers = firstValues(answer.headers);
    if (answer.statusCode >= 300 && answer.statusCode < 400) {
      answer.body.on('error', () => undefined).destroy();
      throw new OutgoingRefused('redirect');
    }
    const body = await readBody(answer.body, request.maxAnswerBytes ?? MAX_ANSWER_BYTES);
    return { status: answer.statusCode, headers, ...body };
  }

  #dispatch(request: OutgoingRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { url, source, method = 'POST', headers, body } = request;
    return this.#agents[source].request({
      origin: new URL(url).origin,
      path: `${new URL(url).pathname}${new URL(url).search}`,
      method,
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && { body }),
      signal,
    });
  }

  /** Ends all connections, and requests under way with an error. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#agents).map((agent) => agent.destroy()));
  }
}
