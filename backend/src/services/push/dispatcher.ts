import type { DeviceModel, DeviceRecord } from '../../models/deviceModel.js';
import { monotonicMs } from '../../utils/clock.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import type { PushNotification, PushOutcome, PushProvider } from '../pushProvider.js';
import { deviceIdOf } from './devices.js';

export interface DispatcherDeps {
  providers: readonly PushProvider[];
  devices: Pick<DeviceModel, 'findByIds' | 'removeStale'>;
  metrics: Pick<Metrics, 'pushes' | 'pushRefusals'>;
  logger: Logger;
  log: ThrottledLog;
}

/** A notification for one device. */
export interface Addressed {
  device: DeviceRecord;
  notification: PushNotification;
  ttlMs: number;
}

/** Result for one device; a retry is possible when `retryAfterMs` is set. */
export interface Dispatched<Item extends Addressed> {
  item: Item;
  isSent: boolean;
  retryAfterMs?: number;
}

/** Pause of a provider that takes nothing, in ms: at first, and at most. */
const PAUSE_MS = { first: 2_000, max: 60_000 };
/** Longest wish of a provider that is followed, in ms. */
const MAX_RETRY_AFTER_MS = 600_000;

/** Sends notifications through the providers of their devices, and removes devices whose tokens have become invalid. */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  /** Providers that took nothing the last time: until when nothing is sent to them, and how often in a row. */
  readonly #pauses = new Map<string, { untilMs: number; count: number }>();

  /** Providers that refuse the credentials of this server. */
  readonly #refusing = new Set<string>();

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    // A series that begins with its first refusal would show no increase.
    for (const provider of deps.providers) deps.metrics.pushRefusals.inc({ provider: provider.name }, 0);
  }

  /**
   * Sends notifications.
   *
   * @param mayContinue is asked before every batch: when it says no, what is left counts as neither sent nor to be
   * repeated. Nobody else is told.
   */
  async send<Item extends Addressed>(
    items: readonly Item[],
    mayContinue: () => boolean = () => true,
  ): Promise<Dispatched<Item>[]> {
    const byProvider = groupBy(await this.#withoutGone(items), ({ device }) => device.provider);
    const results = await Promise.all(
      this.#deps.providers.map((provider) =>
        this.#sendThrough(provider, byProvider.get(provider.name) ?? [], mayContinue),
      ),
    );
    return results.flat();
  }

  /** Removes devices that providers have reported as invalid after they had accepted a notification. */
  async removeInvalid(): Promise<void> {
    for (const provider of this.#deps.providers) {
      const tokens = (await provider.findInvalidTokens?.()) ?? [];
      if (tokens.length === 0) continue;
      const devices = await this.#deps.devices.findByIds(
        tokens.map((token) => deviceIdOf(provider.name, token)),
      );
      this.#deps.metrics.pushes.inc({ provider: provider.name, outcome: 'invalid' }, tokens.length);
      await this.#deps.devices.removeStale(devices);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#deps.providers.map((provider) => provider.close()));
  }

  /** Asked at the last moment: a device may have been unregistered, or belong to another user by now. */
  async #withoutGone<Item extends Addressed>(items: readonly Item[]): Promise<Item[]> {
    const found = await this.#deps.devices.findByIds([...new Set(items.map(({ device }) => device._id))]);
    const current = new Map(found.map((device) => [device._id, device]));
    return items.filter(({ device }) => current.get(device._id)?.userId === device.userId);
  }

  async #sendThrough<Item extends Addressed>(
    provider: PushProvider,
    items: readonly Item[],
    mayContinue: () => boolean,
  ): Promise<Dispatched<Item>[]> {
    const results: Dispatched<Item>[] = [];
    for (let from = 0; from < items.length; from += provider.maxBatch) {
      const batch = items.slice(from, from + provider.maxBatch);
      const pausedMs = this.#pausedMs(provider);
      if (pausedMs > 0) {
        results.push(...batch.map((item) => ({ item, isSent: false, retryAfterMs: pausedMs })));
        continue;
      }
      if (!mayContinue()) break;
      const outcomes = await provider.send(
        batch.map(({ device, notification, ttlMs }) => ({
          token: device.token,
          platform: device.platform,
          locale: device.locale,
          notification,
          ttlMs,
        })),
      );
      await this.#note(provider, batch, outcomes);
      results.push(...batch.map((item, index) => toDispatched(item, outcomes[index])));
    }
    return results;
  }

  /** Counts outcomes, removes invalid devices and pauses a provider that takes nothing. */
  async #note(
    provider: PushProvider,
    batch: readonly Addressed[],
    outcomes: readonly PushOutcome[],
  ): Promise<void> {
    const { metrics, devices, log, logger } = this.#deps;
    for (const outcome of outcomes) {
      metrics.pushes.inc({ provider: provider.name, outcome: LABELS[outcome.outcome] });
      if (outcome.outcome === 'failed' && outcome.isRefused) {
        metrics.pushRefusals.inc({ provider: provider.name });
        this.#reportRefusal(provider, outcome.reason);
      } else if (outcome.outcome === 'failed' || outcome.outcome === 'retryAfter') {
        log.warn(provider.name, { reason: outcome.reason }, 'a push notification was not accepted');
      }
    }
    if (outcomes.some(({ outcome }) => outcome === 'sent')) this.#refusing.delete(provider.name);
    this.#pause(provider, outcomes);
    const invalid = batch.filter((_, index) => outcomes[index]?.outcome === 'invalidToken');
    if (invalid.length === 0) return;
    logger.debug({ provider: provider.name, devices: invalid.length }, 'devices are gone');
    await devices.removeStale(invalid.map(({ device }) => device));
  }

  /** Logs once, until the provider accepts something again: the metric counts. */
  #reportRefusal({ name }: PushProvider, reason: string): void {
    if (this.#refusing.has(name)) return;
    this.#refusing.add(name);
    this.#deps.logger.error({ provider: name, reason }, 'a push provider refuses the credentials');
  }

  #pause(provider: PushProvider, outcomes: readonly PushOutcome[]): void {
    const waits = outcomes.filter((one) => one.outcome === 'retryAfter');
    if (waits.length < outcomes.length) {
      this.#pauses.delete(provider.name);
      return;
    }
    // One device alone may have too many notifications; that several at once have is the provider's state.
    if (outcomes.length < MIN_OUTCOMES_OF_PAUSE) return;
    const count = (this.#pauses.get(provider.name)?.count ?? 0) + 1;
    const wishMs = Math.max(...waits.map(({ retryAfterMs = 0 }) => retryAfterMs));
    const ownMs = Math.min(PAUSE_MS.first * 2 ** (count - 1), PAUSE_MS.max);
    this.#pauses.set(provider.name, { untilMs: monotonicMs() + Math.max(wishMs, ownMs), count });
  }

  #pausedMs({ name }: PushProvider): number {
    return (this.#pauses.get(name)?.untilMs ?? 0) - monotonicMs();
  }
}

const MIN_OUTCOMES_OF_PAUSE = 2;

const LABELS = { sent: 'sent', invalidToken: 'invalid', retryAfter: 'retried', failed: 'failed' } as const;

function toDispatched<Item extends Addressed>(
  item: Item,
  outcome: PushOutcome | undefined,
): Dispatched<Item> {
  if (outcome?.outcome !== 'retryAfter') return { item, isSent: outcome?.outcome === 'sent' };
  return { item, isSent: false, retryAfterMs: Math.min(outcome.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) };
}
