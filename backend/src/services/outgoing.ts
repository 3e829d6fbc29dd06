import type { Readable } from 'node:stream';

/** Rule that refuses a URL, an address or an answer. */
export type OutgoingRule = 'url' | 'scheme' | 'credentials' | 'address' | 'redirect';

const SENTENCES: Record<OutgoingRule, string> = {
  url: 'is not a URL',
  scheme: 'must be https (http only for hosts of OUTGOING_ALLOW_PRIVATE)',
  credentials: 'must not contain a user name or a password',
  address: 'points to a private or reserved address (OUTGOING_ALLOW_PRIVATE lists the allowed ones)',
  redirect: 'answers with a redirect, which is not followed',
};

/** The guard refused a request. `message` is a predicate without a subject and holds nothing of the URL. */
export class OutgoingRefused extends Error {
  override readonly name = 'OutgoingRefused';

  constructor(readonly rule: OutgoingRule) {
    super(SENTENCES[rule]);
  }
}

/**
 * Origin of a URL. `operator`: a variable of the environment, which may name private addresses and plain http. `runtime`:
 * anything that arrived later, from a user, an API key or the database.
 */
export type UrlSource = 'operator' | 'runtime';

export interface OutgoingRequest {
  url: string;
  source: UrlSource;
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  headers?: Record<string, string>;
  body?: string | Uint8Array | Readable;
  /** Bounds connecting, sending and the whole answer, in ms. Default: 15,000. */
  timeoutMs?: number;
  /** Bytes of the answer's body that are read. Default: 64 KiB. */
  maxAnswerBytes?: number;
  /** Ends the request early, with the reason as its error. */
  signal?: AbortSignal;
}

export interface OutgoingAnswer {
  /** Never a redirect. */
  status: number;
  /** Lower-case names; the first value of each. */
  headers: Record<string, string>;
  /** At most `maxAnswerBytes`. */
  body: Buffer;
  /** True when the body was longer. The rest was not read. */
  isCut: boolean;
}

/** Port of every request that the server makes to other servers. `outgoing/` implements it. */
export interface OutgoingRequests {
  /**
   * Checks a URL without opening it: syntax, scheme, credentials and literal addresses. `send` checks it again, and the
   * address that its name resolves to.
   *
   * @throws OutgoingRefused
   */
  check(url: string, source: UrlSource): void;

  /** @throws OutgoingRefused; or Error when the other server does not answer in time. */
  send(request: OutgoingRequest): Promise<OutgoingAnswer>;
}
