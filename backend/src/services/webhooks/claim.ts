import type {
  Claim,
  WebhookCursor,
  WebhookModel,
  WebhookOutcome,
  WebhookRecord,
} from '../../models/webhookModel.js';
import { monotonicMs } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { DeliveryResult } from './sender.js';

interface ClaimDeps {
  webhooks: WebhookModel;
  time: DatabaseTime;
  logger: Logger;
}

/** Validity of a claim, and how often it is renewed, in ms. */
export const CLAIM_MS = 10_000;
const RENEW_EVERY_MS = 2_000;
/** A process that could not renew its claim for this long stops delivering, in ms. Shorter than `CLAIM_MS`. */
const CLAIM_COUNTS_MS = 8_000;

/** The claim of this process on a webhook: renewed until it is lost or given back. Every write is part of it. */
export class WebhookClaim {
  readonly #deps: ClaimDeps;
  readonly #claim: Claim;
  readonly #outcome: WebhookOutcome = {};
  #webhook: WebhookRecord;
  #renewedAtMs = monotonicMs();
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param webhook as it was claimed. */
  constructor(deps: ClaimDeps, webhook: WebhookRecord, owner: string) {
    this.#deps = deps;
    this.#webhook = webhook;
    this.#claim = { _id: webhook._id, owner, generation: webhook.generation };
  }

  /** The webhook as it was read last: at most two seconds ago. */
  get webhook(): WebhookRecord {
    return this.#webhook;
  }

  /** True when the claim was lost or given back, or the webhook is off. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get lastError(): string | undefined {
    return this.#outcome.lastError;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY_MS);
    this.#timer.unref();
  }

  end(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  /** True while no other process can have taken over. */
  isOwner(): boolean {
    return monotonicMs() - this.#renewedAtMs < CLAIM_COUNTS_MS;
  }

  /** Handles the webhook as it is stored now: a change takes effect at once. */
  noteStored(webhook: WebhookRecord | undefined): void {
    const isCurrent = webhook?.status === 'on' && webhook.generation === this.#claim.generation;
    if (isCurrent) this.#webhook = webhook;
    else this.end();
  }

  /** Notes the result of an attempt. It is stored when the claim is renewed. */
  noteResult(result: DeliveryResult): void {
    if (result.kind === 'accepted') this.#outcome.lastSuccessAt = new Date();
    else Object.assign(this.#outcome, { lastError: result.error, lastErrorAt: new Date() });
  }

  async saveCursor(cursor: WebhookCursor): Promise<void> {
    if (!(await this.#deps.webhooks.saveCursor(this.#claim, cursor))) this.end();
  }

  async switchOff(status: 'gone' | 'failing'): Promise<void> {
    this.end();
    await this.#deps.webhooks.switchOff(this.#claim, status, this.#outcome);
  }

  async release(): Promise<void> {
    await this.#deps.webhooks.release(this.#claim, this.#outcome);
  }

  async #renew(): Promise<void> {
    const startedMs = monotonicMs();
    try {
      const until = new Date(this.#deps.time.nowMs() + CLAIM_MS);
      this.noteStored(await this.#deps.webhooks.renew(this.#claim, until, this.#outcome));
      this.#renewedAtMs = startedMs;
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'a claim on a webhook could not be renewed');
      if (!this.isOwner()) this.end();
    }
  }
}
