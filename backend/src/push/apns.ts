import { constants } from 'node:http2';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { PushItem, PushOutcome, PushProvider } from '../services/pushProvider.js';
import { failed, INVALID, isTemporary, mapBounded, retry, SENT } from './answers.js';
import { Http2Connection, type Http2Answer } from './http2Connection.js';
import { apnsHeaders, apnsPayload } from './payloads.js';

export interface ApnsOptions {
  /** PKCS#8 in PEM: the content of the `.p8` file. */
  key: string;
  keyId: string;
  teamId: string;
  /** Bundle id of the app. */
  topic: string;
  /** `https://api.push.apple.com`, or a server of a test. */
  baseUrl: string;
  /** Certificate authority of a test server, in PEM. */
  ca: string | undefined;
  /** Time for one request, in ms. */
  timeoutMs: number;
}

const REQUESTS_AT_A_TIME = 100;
const BATCH = 500;
/** Apple accepts a token for an hour, and no more than one new one in 20 minutes. */
const TOKEN_LIFE_MS = 50 * 60_000;
const MIN_RENEWAL_MS = 20 * 60_000;

const errorAnswer = z.object({ reason: z.string() });

const INVALID_REASONS = new Set(['BadDeviceToken', 'DeviceTokenNotForTopic', 'Unregistered', 'ExpiredToken']);
const REFUSED_REASONS = new Set([
  'InvalidProviderToken',
  'ExpiredProviderToken',
  'MissingProviderToken',
  'BadTopic',
  'TopicDisallowed',
  'MissingTopic',
]);

/** The Apple Push Notification service, over HTTP/2 with provider tokens. */
export class ApnsProvider implements PushProvider {
  readonly name = 'apns';
  readonly maxBatch = BATCH;
  readonly #options: ApnsOptions;
  readonly #connection: Http2Connection;
  #token: { value: string; issuedMs: number } | undefined;

  constructor(options: ApnsOptions) {
    this.#options = options;
    this.#connection = new Http2Connection(options.baseUrl, options);
  }

  acceptsToken(token: string): boolean {
    return /^[0-9a-f]{64,200}$/i.test(token);
  }

  send(items: readonly PushItem[]): Promise<PushOutcome[]> {
    return mapBounded(items, REQUESTS_AT_A_TIME, (item) => this.#sendOne(item));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #sendOne(item: PushItem): Promise<PushOutcome> {
    const token = this.#providerToken();
    const first = await this.#post(item, token);
    if (typeof first === 'string') return retry(first);
    const isExpired = reasonOf(first) === 'ExpiredProviderToken';
    if (!isExpired || !this.#mayRenew(token)) return outcomeOf(first);
    const second = await this.#post(item, this.#providerToken());
    return typeof second === 'string' ? retry(second) : outcomeOf(second);
  }

  /** @returns the answer, or why there is none. */
  #post(item: PushItem, providerToken: string): Promise<Http2Answer | string> {
    return this.#connection.post(
      {
        [constants.HTTP2_HEADER_PATH]: `/3/device/${item.token}`,
        authorization: `bearer ${providerToken}`,
        'apns-topic': this.#options.topic,
        ...apnsHeaders(item, Date.now()),
      },
      JSON.stringify(apnsPayload(item.notification)),
    );
  }

  #providerToken(): string {
    if (this.#token !== undefined && Date.now() - this.#token.issuedMs < TOKEN_LIFE_MS) {
      return this.#token.value;
    }
    const { key, keyId, teamId } = this.#options;
    const value = jwt.sign({}, key, { algorithm: 'ES256', keyid: keyId, issuer: teamId });
    this.#token = { value, issuedMs: Date.now() };
    return value;
  }

  /** Drops a token that Apple calls expired. False when a new one would come too early: Apple would refuse it. */
  #mayRenew(token: string): boolean {
    if (this.#token?.value !== token) return true;
    if (Date.now() - this.#token.issuedMs < MIN_RENEWAL_MS) return false;
    this.#token = undefined;
    return true;
  }
}

function reasonOf({ body }: Http2Answer): string {
  try {
    return errorAnswer.safeParse(JSON.parse(body)).data?.reason ?? '';
  } catch {
    return '';
  }
}

function outcomeOf(answer: Http2Answer): PushOutcome {
  const { status, retryAfterMs } = answer;
  if (status === 200) return SENT;
  const reason = reasonOf(answer);
  if (status === 410 || INVALID_REASONS.has(reason)) return INVALID;
  if (isTemporary(status)) return retry(`${status} ${reason}`, retryAfterMs);
  return failed(`${status} ${reason}`, REFUSED_REASONS.has(reason));
}
