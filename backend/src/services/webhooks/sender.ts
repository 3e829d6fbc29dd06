import { WEBHOOK_TEST, type WebhookBody } from '../../../../contract/index.js';
import type { WebhookRecord } from '../../models/webhookModel.js';
import { signedHeaders } from '../../utils/webhookSignature.js';
import { OutgoingRefused, type OutgoingAnswer, type OutgoingRequests } from '../outgoing.js';

/** One delivery. Repeated with the same id until it is accepted. */
export interface WebhookEvent {
  /** `webhook-id`: the same at every attempt and in a replay. */
  id: string;
  body: WebhookBody;
}

/** `gone`: the receiver wants no deliveries any more. `error` holds nothing of the URL, the body or the answer. */
export type DeliveryResult =
  | { kind: 'accepted' }
  | { kind: 'gone'; error: string }
  | { kind: 'failed'; error: string; retryAfterMs?: number; isBusy?: boolean };

/** Bytes of an answer that are read. Only its status matters. */
const MAX_ANSWER_BYTES = 16 * 1024;
/** Longest `Retry-After` that is followed, in ms. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/** Parses `Retry-After`, seconds or a date, to ms from now. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

function toResult({ status, headers }: OutgoingAnswer): DeliveryResult {
  const error = `status ${status}`;
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 410) return { kind: 'gone', error };
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now());
  return {
    kind: 'failed',
    error,
    isBusy: status === 429,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Returns a short text without addresses: errors of the network name them. */
function describe(error: unknown): string {
  if (error instanceof OutgoingRefused) return `the URL ${error.message}`;
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as NodeJS.ErrnoException;
  if (error.name === 'TimeoutError') return 'no answer in time';
  return typeof code === 'string' ? code : error.name;
}

/** Signs and sends deliveries. */
export class WebhookSender {
  readonly #outgoing: OutgoingRequests;

  constructor(outgoing: OutgoingRequests) {
    this.#outgoing = outgoing;
  }

  /** Never throws. */
  async send(
    { url, secrets }: Pick<WebhookRecord, 'url' | 'secrets'>,
    { id, body }: WebhookEvent,
    signal?: AbortSignal,
  ): Promise<DeliveryResult> {
    const at = new Date();
    const text = JSON.stringify(body);
    const valid = secrets.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > at);
    try {
      const answer = await this.#outgoing.send({
        url,
        source: 'runtime',
        headers: {
          ...signedHeaders(
            { id, at, body: text },
            valid.map((secret) => secret.text),
          ),
          'user-agent': 'Parley-Webhooks/1',
        },
        body: text,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        ...(signal !== undefined && { signal }),
      });
      return toResult(answer);
    } catch (error) {
      return { kind: 'failed', error: describe(error) };
    }
  }

  /** Sends an event that nothing has caused. */
  test(webhook: WebhookRecord): Promise<DeliveryResult> {
    const timestamp = new Date().toISOString();
    const body = { type: WEBHOOK_TEST, timestamp, data: { webhookId: webhook._id } } as const;
    return this.send(webhook, { id: `test_${webhook._id}_${Date.parse(timestamp)}`, body });
  }
}
