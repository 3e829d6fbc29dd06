import webPush from 'web-push';
import { z } from 'zod';
import type { OutgoingAnswer, OutgoingRequests } from '../services/outgoing.js';
import { OutgoingRefused } from '../services/outgoing.js';
import type { PushItem, PushOutcome, PushProvider } from '../services/pushProvider.js';
import { ask, failed, INVALID, isTemporary, mapBounded, retry, retryAfterMs, SENT } from './answers.js';
import { webPushPayload } from './payloads.js';

export interface VapidKeys {
  publicKey: string;
  privateKey: string;
  /** Contact of the operator: `mailto:` or `https:`. */
  subject: string;
}

interface WebPushOptions {
  vapid: VapidKeys;
  outgoing: OutgoingRequests;
}

const REQUESTS_AT_A_TIME = 32;
const BATCH = 200;
const KEY_BYTES = 65;
const AUTH_BYTES = 16;

const base64url = (bytes: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+=*$/)
    .refine((text) => Buffer.from(text, 'base64url').length === bytes);
const subscription = z.object({
  endpoint: z.string(),
  keys: z.object({ p256dh: base64url(KEY_BYTES), auth: base64url(AUTH_BYTES) }),
});
type Subscription = z.infer<typeof subscription>;

function parse(token: string): Subscription | undefined {
  try {
    return subscription.safeParse(JSON.parse(token)).data;
  } catch {
    return undefined;
  }
}

/**
 * Web push (RFC 8030, 8291, 8292). The endpoint comes from a client, so every request passes the guard of addresses that
 * arrive at run time.
 */
export class WebPushProvider implements PushProvider {
  readonly name = 'webpush';
  readonly maxBatch = BATCH;
  readonly publicKey: string;
  readonly #options: WebPushOptions;

  constructor(options: WebPushOptions) {
    this.#options = options;
    this.publicKey = options.vapid.publicKey;
  }

  acceptsToken(token: string): boolean {
    const found = parse(token);
    if (found === undefined) return false;
    try {
      this.#options.outgoing.check(found.endpoint, 'runtime');
      return true;
    } catch (error) {
      if (error instanceof OutgoingRefused) return false;
      throw error;
    }
  }

  send(items: readonly PushItem[]): Promise<PushOutcome[]> {
    return mapBounded(items, REQUESTS_AT_A_TIME, (item) => this.#sendOne(item));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #sendOne(item: PushItem): Promise<PushOutcome> {
    const found = parse(item.token);
    if (found === undefined) return INVALID;
    const { vapid, outgoing } = this.#options;
    const { notification, ttlMs } = item;
    let details: webPush.RequestDetails;
    try {
      details = webPush.generateRequestDetails(found, JSON.stringify(webPushPayload(item)), {
        vapidDetails: vapid,
        TTL: Math.floor(ttlMs / 1_000),
        urgency: notification.type === 'message' ? 'high' : 'normal',
        // A later notification of the conversation replaces one that the device has not fetched yet.
        topic: notification.conversationId,
        contentEncoding: 'aes128gcm',
      });
    } catch {
      // Keys of the right length that are no point of the curve.
      return INVALID;
    }
    const asked = await ask(outgoing, {
      url: details.endpoint,
      source: 'runtime',
      headers: headersOf(details),
      body: new Uint8Array(details.body ?? []),
    });
    return 'answer' in asked ? outcomeOf(asked.answer) : asked.outcome;
  }
}

/** Headers as texts: some are numbers, whatever their types say. */
const headersOf = ({ headers }: webPush.RequestDetails): Record<string, string> =>
  z.record(z.string(), z.coerce.string()).parse(headers);

function outcomeOf({ status, headers }: OutgoingAnswer): PushOutcome {
  if (status >= 200 && status < 300) return SENT;
  if (status === 404 || status === 410) return INVALID;
  if (isTemporary(status)) return retry(String(status), retryAfterMs(headers));
  return failed(`status ${status}`, status === 401 || status === 403);
}
