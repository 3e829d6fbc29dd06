import { z } from 'zod';
import type { OutgoingRequests } from '../services/outgoing.js';
import type { PushItem, PushOutcome, PushProvider } from '../services/pushProvider.js';
import { monotonicMs } from '../utils/clock.js';
import { ask, failed, INVALID, isTemporary, jsonOf, retry, retryAfterMs, SENT } from './answers.js';
import { expoMessage } from './payloads.js';

interface ExpoOptions {
  accessToken: string | undefined;
  /** `https://exp.host`, or a server of a test. */
  baseUrl: string;
  /** Time after which the receipt of a ticket is asked for, in ms. */
  receiptAfterMs: number;
  outgoing: OutgoingRequests;
}

/** Notifications of one request, and receipts of one question: limits of the service. */
const BATCH = 100;
const RECEIPTS = 1_000;
/** Receipts that are waited for. Beyond it the oldest are given up: the next notification tells the same. */
const MAX_TICKETS = 50_000;

const problem = z.object({
  status: z.literal('error'),
  message: z.string().optional(),
  details: z.object({ error: z.string().optional() }).optional(),
});
type Problem = z.infer<typeof problem>;
const ticketsAnswer = z.object({
  data: z.array(z.union([z.object({ status: z.literal('ok'), id: z.string() }), problem])),
});
const receiptsAnswer = z.object({
  data: z.record(z.string(), z.union([z.object({ status: z.literal('ok') }), problem])),
});

/** The Expo push service. It accepts notifications first and says in a receipt later what became of them. */
export class ExpoProvider implements PushProvider {
  readonly name = 'expo';
  readonly maxBatch = BATCH;
  readonly #options: ExpoOptions;
  /** Device tokens by ticket, the oldest first. */
  readonly #tickets = new Map<string, { token: string; dueMs: number }>();

  constructor(options: ExpoOptions) {
    this.#options = options;
  }

  acceptsToken(token: string): boolean {
    return /^Expo(nent)?PushToken\[[^\]]+\]$/.test(token);
  }

  async send(items: readonly PushItem[]): Promise<PushOutcome[]> {
    const asked = await this.#post('/--/api/v2/push/send', items.map(expoMessage));
    if (!('answer' in asked)) return items.map(() => asked.outcome);
    const { answer } = asked;
    const { status, headers } = answer;
    if (isTemporary(status)) return items.map(() => retry(String(status), retryAfterMs(headers)));
    const parsed = ticketsAnswer.safeParse(jsonOf(answer));
    if (status !== 200 || parsed.data?.data.length !== items.length) {
      return items.map(() => failed(`status ${status}`, status === 401 || status === 403));
    }
    return parsed.data.data.map((ticket, index) => {
      if (ticket.status === 'error') return outcomeOf(ticket);
      this.#remember(ticket.id, items[index]?.token ?? '');
      return SENT;
    });
  }

  async findInvalidTokens(): Promise<string[]> {
    const nowMs = monotonicMs();
    const due = [...this.#tickets].filter(([, { dueMs }]) => dueMs <= nowMs).slice(0, RECEIPTS);
    if (due.length === 0) return [];
    const asked = await this.#post('/--/api/v2/push/getReceipts', { ids: due.map(([id]) => id) });
    const parsed = 'answer' in asked ? receiptsAnswer.safeParse(jsonOf(asked.answer)) : undefined;
    // Receipts that could not be read are asked for again the next time.
    if (parsed?.success !== true) return [];
    for (const [id] of due) this.#tickets.delete(id);
    return due.flatMap(([id, { token }]) => {
      const receipt = parsed.data.data[id];
      return receipt?.status === 'error' && isGone(receipt) ? [token] : [];
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #post(path: string, body: unknown) {
    const { accessToken, baseUrl, outgoing } = this.#options;
    return ask(outgoing, {
      url: `${baseUrl}${path}`,
      source: 'operator',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
      },
      body: JSON.stringify(body),
      maxAnswerBytes: 1024 * 1024,
    });
  }

  #remember(id: string, token: string): void {
    this.#tickets.set(id, { token, dueMs: monotonicMs() + this.#options.receiptAfterMs });
    const [oldest] = this.#tickets.keys();
    if (this.#tickets.size > MAX_TICKETS && oldest !== undefined) this.#tickets.delete(oldest);
  }
}

const isGone = ({ details }: Problem): boolean => details?.error === 'DeviceNotRegistered';

function outcomeOf(found: Problem): PushOutcome {
  const code = found.details?.error ?? '';
  if (isGone(found)) return INVALID;
  if (code === 'MessageRateExceeded') return retry(code);
  const isRefused = code === 'InvalidCredentials' || code === 'MismatchSenderId';
  // Its message would repeat the device token.
  return failed(code, isRefused);
}
