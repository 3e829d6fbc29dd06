import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';
import type { OutgoingRequests } from '../services/outgoing.js';
import {
  verdict,
  type ModerationHook,
  type ReviewRequest,
  type Verdict,
} from '../services/moderation/index.js';
import { signedHeaders } from '../utils/webhookSignature.js';

/** Failures in a row after which the hook is not asked for a while. */
const MAX_FAILURES = 5;
/** Time for which it is not asked then, in ms. After it one text is sent, to see whether it answers again. */
const PAUSE_MS = 10_000;
/** Bytes of an answer. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface HookSettings {
  /** A variable of the environment, so that a private address is allowed. */
  url: string;
  /** Signs each question as Standard Webhooks does. */
  secret: string;
  timeoutMs: number;
}

/**
 * Asks the app's moderation over HTTP: `POST` of `{type: 'message.review', timestamp, data}`, signed like a webhook. It answers
 * with status 200 and a verdict. A circuit breaker spares every send the time limit while it does not answer.
 */
export class HttpModerationHook implements ModerationHook {
  readonly #outgoing: OutgoingRequests;
  readonly #settings: HookSettings;
  readonly #breaker = circuitBreaker(handleAll, {
    halfOpenAfter: PAUSE_MS,
    breaker: new ConsecutiveBreaker(MAX_FAILURES),
  });

  constructor(outgoing: OutgoingRequests, settings: HookSettings) {
    this.#outgoing = outgoing;
    this.#settings = settings;
  }

  ask(request: ReviewRequest): Promise<Verdict> {
    return this.#breaker.execute(() => this.#ask(request));
  }

  async #ask({ id, message, ...data }: ReviewRequest): Promise<Verdict> {
    const { url, secret, timeoutMs } = this.#settings;
    const at = new Date();
    const body = JSON.stringify({
      type: 'message.review',
      timestamp: at.toISOString(),
      data: { ...data, ...message },
    });
    const answer = await this.#outgoing.send({
      url,
      source: 'operator',
      headers: signedHeaders({ id, at, body }, [secret]),
      body,
      timeoutMs,
      maxAnswerBytes: MAX_ANSWER_BYTES,
    });
    if (answer.status !== 200) throw new Error(`the moderation hook answered with status ${answer.status}`);
    return parseVerdict(answer.body.toString());
  }
}

/** Errors of a parser quote the text. */
function parseVerdict(text: string): Verdict {
  try {
    return verdict.parse(JSON.parse(text));
  } catch {
    throw new Error('the moderation hook answered with something else than a verdict');
  }
}
