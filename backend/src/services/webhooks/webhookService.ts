import { randomBytes } from 'node:crypto';
import { LIMITS, type WebhookEventName, type WebhookView } from '../../../../contract/index.js';
import type { WebhookModel, WebhookRecord } from '../../models/webhookModel.js';
import type { WebhookRetryModel } from '../../models/webhookRetryModel.js';
import { AppError } from '../../utils/appError.js';
import { newWebhookSecret } from '../../utils/webhookSignature.js';
import { OutgoingRefused, type OutgoingRequests } from '../outgoing.js';
import { cursorAt, timeOfCursor } from './follower.js';
import { WebhookSender, type DeliveryResult } from './sender.js';

interface ServiceDeps {
  webhooks: WebhookModel;
  webhookRetries: WebhookRetryModel;
  outgoing: OutgoingRequests;
}

/** Time for which the old secret signs as well after a rotation, in hours. */
const OVERLAP_HOURS = 24;
const MS_PER_HOUR = 3_600_000;
const ID_BYTES = 6;

const noSuchWebhook = (): AppError => new AppError('NOT_FOUND', 'There is no such webhook.');

function toView(webhook: WebhookRecord, failing: { count: number; since: Date } | undefined): WebhookView {
  const { _id, url, events, status, createdAt, cursor, lastSuccessAt, lastError, lastErrorAt } = webhook;
  return {
    ...{ _id, url, events, status },
    createdAt: createdAt.toISOString(),
    deliveredThrough: new Date(timeOfCursor(cursor)).toISOString(),
    failingCount: failing?.count ?? 0,
    ...(failing !== undefined && { failingSince: failing.since.toISOString() }),
    ...(lastSuccessAt !== undefined && { lastSuccessAt: lastSuccessAt.toISOString() }),
    ...(lastError !== undefined && { lastError }),
    ...(lastErrorAt !== undefined && { lastErrorAt: lastErrorAt.toISOString() }),
  };
}

/** Registers webhooks and changes them, for the server-side API and the command line. */
export class WebhookService {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /**
   * Checks a URL as `add` does.
   *
   * @throws AppError `FORBIDDEN`.
   */
  requireAllowed(url: string): void {
    try {
      this.#deps.outgoing.check(url, 'runtime');
    } catch (error) {
      if (!(error instanceof OutgoingRefused)) throw error;
      throw new AppError('FORBIDDEN', `The URL ${error.message}.`, {
        details: [{ path: 'url', rule: error.message }],
      });
    }
  }

  /** Registers a URL for events from now on. @throws AppError `FORBIDDEN`, `LIMIT_EXCEEDED`. */
  async add(input: {
    url: string;
    events: WebhookEventName[];
  }): Promise<{ webhook: WebhookView; secret: string }> {
    this.requireAllowed(input.url);
    const { webhooks } = this.#deps;
    if ((await webhooks.findAll()).length >= LIMITS.maxWebhooks) {
      throw new AppError('LIMIT_EXCEEDED', `There are at most ${LIMITS.maxWebhooks} webhooks.`);
    }
    const secret = newWebhookSecret();
    const now = new Date();
    const webhook: WebhookRecord = {
      _id: randomBytes(ID_BYTES).toString('hex'),
      ...input,
      secrets: [{ text: secret }],
      status: 'on',
      generation: 0,
      cursor: cursorAt(now),
      createdAt: now,
    };
    await webhooks.insert(webhook);
    return { webhook: toView(webhook, undefined), secret };
  }

  /** Returns all webhooks, the oldest first. */
  async list(): Promise<WebhookView[]> {
    const { webhooks, webhookRetries } = this.#deps;
    const found = await webhooks.findAll();
    const failing = await webhookRetries.summarize(found.map(({ _id }) => _id));
    return found.map((webhook) => toView(webhook, failing.get(webhook._id)));
  }

  /** @throws AppError `NOT_FOUND`. */
  async change(
    id: string,
    { events, enabled }: { events?: WebhookEventName[] | undefined; enabled?: boolean | undefined },
  ): Promise<WebhookView> {
    const { webhooks, webhookRetries } = this.#deps;
    const webhook = await this.find(id);
    const isSwitchedOn = enabled === true && webhook.status !== 'on';
    // Before it is on: a process that takes it over must not give up on what failed before it was switched off.
    if (isSwitchedOn) await webhookRetries.restart(id, new Date());
    const status = enabled === undefined ? undefined : enabled ? 'on' : 'operator';
    const isChanged = status !== undefined && (enabled === true ? isSwitchedOn : webhook.status === 'on');
    return this.#viewOf(
      await webhooks.update(id, { ...(events !== undefined && { events }), ...(isChanged && { status }) }),
    );
  }

  /** Removes a webhook, and what it has not delivered. */
  async remove(id: string): Promise<void> {
    await this.#deps.webhooks.remove(id);
    await this.#deps.webhookRetries.removeAll(id);
  }

  /** Makes a new secret; the old one signs as well for a time. @throws AppError `NOT_FOUND`. */
  async rotate(id: string, overlapHours = OVERLAP_HOURS): Promise<{ webhook: WebhookView; secret: string }> {
    const { secrets } = await this.find(id);
    const secret = newWebhookSecret();
    const now = Date.now();
    const expiresAt = new Date(now + overlapHours * MS_PER_HOUR);
    // Two at most: a third signature would be of a secret that was replaced twice.
    const [newest] = secrets;
    const kept = newest === undefined || overlapHours === 0 ? [] : [{ text: newest.text, expiresAt }];
    const webhook = await this.#deps.webhooks.update(id, { secrets: [{ text: secret }, ...kept] });
    return { webhook: await this.#viewOf(webhook), secret };
  }

  /** Sends a test event now, from this process. @throws AppError `NOT_FOUND`. */
  async test(id: string): Promise<DeliveryResult> {
    return new WebhookSender(this.#deps.outgoing).test(await this.find(id));
  }

  /** Delivers everything again since a time. @throws AppError `NOT_FOUND`. */
  async replay(id: string, from: Date): Promise<WebhookView> {
    await this.find(id);
    return this.#viewOf(await this.#deps.webhooks.moveCursor(id, cursorAt(from)));
  }

  /** @throws AppError `NOT_FOUND`. */
  async find(id: string): Promise<WebhookRecord> {
    const found = await this.#deps.webhooks.findById(id);
    if (found === undefined) throw noSuchWebhook();
    return found;
  }

  async #viewOf(webhook: WebhookRecord | undefined): Promise<WebhookView> {
    if (webhook === undefined) throw noSuchWebhook();
    const failing = await this.#deps.webhookRetries.summarize([webhook._id]);
    return toView(webhook, failing.get(webhook._id));
  }
}
