import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { OutgoingAnswer, OutgoingRequests } from '../services/outgoing.js';
import type { PushItem, PushOutcome, PushProvider } from '../services/pushProvider.js';
import {
  ask,
  failed,
  INVALID,
  isTemporary,
  jsonOf,
  mapBounded,
  retry,
  retryAfterMs,
  SENT,
} from './answers.js';
import { fcmMessage } from './payloads.js';

/** The fields of a service account's key file that are needed. */
export const serviceAccount = z.object({
  project_id: z.string().regex(/^[a-z0-9:.-]+$/i),
  client_email: z.string().min(1),
  private_key: z.string().includes('PRIVATE KEY'),
  token_uri: z.url({ protocol: /^https?$/ }),
});
export type ServiceAccount = z.infer<typeof serviceAccount>;

interface FcmOptions {
  account: ServiceAccount;
  /** `https://fcm.googleapis.com`, or a server of a test. */
  baseUrl: string;
  outgoing: OutgoingRequests;
}

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const ASSERTION_LIFE_S = 3_600;
/** An access token is renewed this long before it expires, in ms. */
const RENEW_BEFORE_MS = 60_000;
/** FCM takes one message per request. */
const REQUESTS_AT_A_TIME = 32;
const BATCH = 200;

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number() });
const errorAnswer = z.object({
  error: z.object({
    status: z.string().optional(),
    details: z
      .array(
        z.object({
          errorCode: z.string().optional(),
          fieldViolations: z.array(z.object({ field: z.string().optional() })).optional(),
        }),
      )
      .optional(),
  }),
});

/** Firebase Cloud Messaging, HTTP v1, with a service account. */
export class FcmProvider implements PushProvider {
  readonly name = 'fcm';
  readonly maxBatch = BATCH;
  readonly #options: FcmOptions;
  #access: { token: string; untilMs: number } | undefined;
  #renewing: Promise<string | PushOutcome> | undefined;

  constructor(options: FcmOptions) {
    this.#options = options;
  }

  acceptsToken(token: string): boolean {
    return /^[\w:-]+$/.test(token);
  }

  send(items: readonly PushItem[]): Promise<PushOutcome[]> {
    return mapBounded(items, REQUESTS_AT_A_TIME, (item) => this.#sendOne(item));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #sendOne(item: PushItem): Promise<PushOutcome> {
    const access = await this.#accessToken();
    if (typeof access !== 'string') return access;
    const first = await this.#post(item, access);
    if (!('answer' in first)) return first.outcome;
    if (first.answer.status !== 401) return outcomeOf(first.answer);
    // The access token was refused before its time. It is renewed once.
    if (this.#access?.token === access) this.#access = undefined;
    const renewed = await this.#accessToken();
    if (typeof renewed !== 'string') return renewed;
    const second = await this.#post(item, renewed);
    return 'answer' in second ? outcomeOf(second.answer) : second.outcome;
  }

  #post(item: PushItem, accessToken: string) {
    const { account, baseUrl, outgoing } = this.#options;
    return ask(outgoing, {
      url: `${baseUrl}/v1/projects/${account.project_id}/messages:send`,
      source: 'operator',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ message: fcmMessage(item, Date.now()) }),
    });
  }

  /** Returns an access token, or what becomes of the notifications without one. One request serves all who wait. */
  #accessToken(): Promise<string | PushOutcome> {
    if (this.#access !== undefined && Date.now() < this.#access.untilMs) {
      return Promise.resolve(this.#access.token);
    }
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  async #renew(): Promise<string | PushOutcome> {
    const { account, outgoing } = this.#options;
    const assertion = jwt.sign({ scope: SCOPE }, account.private_key, {
      algorithm: 'RS256',
      issuer: account.client_email,
      audience: account.token_uri,
      expiresIn: ASSERTION_LIFE_S,
    });
    const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
    const asked = await ask(outgoing, {
      url: account.token_uri,
      source: 'operator',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(grant).toString(),
    });
    if (!('answer' in asked)) return asked.outcome;
    const { answer } = asked;
    const parsed = tokenAnswer.safeParse(jsonOf(answer));
    if (answer.status === 200 && parsed.success) {
      const { access_token: token, expires_in: lifeS } = parsed.data;
      this.#access = { token, untilMs: Date.now() + lifeS * 1_000 - RENEW_BEFORE_MS };
      return token;
    }
    if (isTemporary(answer.status))
      return retry(`no access token: ${answer.status}`, retryAfterMs(answer.headers));
    return failed(`the service account is refused (${answer.status})`, true);
  }
}

function outcomeOf(answer: OutgoingAnswer): PushOutcome {
  const { status, headers } = answer;
  if (status === 200) return SENT;
  const { error } = errorAnswer.safeParse(jsonOf(answer)).data ?? { error: {} };
  const details = error.details ?? [];
  const code = details.find(({ errorCode }) => errorCode !== undefined)?.errorCode ?? error.status ?? '';
  if (code === 'UNREGISTERED' || code === 'SENDER_ID_MISMATCH') return INVALID;
  // Without this detail, another field of the request is wrong, which is no fault of the device.
  const isTokenWrong = details.some(({ fieldViolations = [] }) =>
    fieldViolations.some(({ field }) => field === 'message.token'),
  );
  if (status === 400 && isTokenWrong) return INVALID;
  if (isTemporary(status)) return retry(`${status} ${code}`, retryAfterMs(headers));
  return failed(`${status} ${code}`, status === 401 || status === 403);
}
