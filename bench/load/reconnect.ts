import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Goodbye, Success } from '../../contract/index.js';
import type { ReconnectResult, LoadCommands } from './commands.js';
import type { User } from './fleet.js';
import { keepPace, takeTurn } from './loops.js';
import { Traffic } from './traffic.js';

/** Delays of the stock client: doubling from the first to the last, with a random factor of 0.5 to 1.5. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 5_000;
/** Time to wait for outstanding deliveries, in ms. Users who were disconnected get them by `sync`. */
const DRAIN_MS = 3_000;

const retryDelayMs = (attempt: number): number =>
  Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** attempt) * (0.5 + Math.random());

/** Users who reconnect after their server has ended, while some of them continue to send. */
export class ReconnectLoad {
  private readonly backAt: number[] = [];
  private readonly traffic: Traffic;
  private readonly pacing: Promise<void>;
  private lost = 0;
  private syncedAt: number[] = [];
  private failedAttempts = 0;
  private unsent = 0;
  private running = true;

  constructor(
    private readonly users: readonly User[],
    { senders, perSecond }: { senders: readonly User[]; perSecond: number },
  ) {
    this.traffic = new Traffic(senders);
    for (const user of users) this.watch(user);
    this.pacing = keepPace(
      perSecond,
      () => this.running,
      (number, dueAt) => {
        const user = takeTurn(senders, number);
        if (user?.client.isOpen === true) this.traffic.send(user, () => undefined, dueAt);
        else this.unsent++;
      },
    );
  }

  /** Waits until every user has lost the connection and is connected and in sync again, or until the timeout. */
  async finish({ sinceMs, timeoutMs }: LoadCommands['awaitReconnects']['input']): Promise<ReconnectResult> {
    const giveUpAt = performance.now() + timeoutMs;
    const all = this.users.length;
    while (this.syncedAt.length < all && performance.now() < giveUpAt) await sleep(20);
    this.running = false;
    await this.pacing;
    const traffic = await this.traffic.finish(DRAIN_MS);
    for (const { client } of this.users) client.onLost = () => undefined;
    const back = this.backAt.sort((one, other) => one - other);
    const after = (times: readonly number[], index: number): number => (times[index] ?? Number.NaN) - sinceMs;
    return {
      users: all,
      lost: this.lost,
      back: back.length,
      firstBackMs: after(back, 0),
      halfBackMs: after(back, Math.ceil(all / 2) - 1),
      allBackMs: after(back, all - 1),
      allSyncedMs: after(this.syncedAt, all - 1),
      failedAttempts: this.failedAttempts,
      unsent: this.unsent,
      traffic,
    };
  }

  /**
   * Reconnects after the time that the server announced. Without an announcement, and after failures, like the stock
   * client.
   */
  private watch(user: User): void {
    let returnAt: number | undefined;
    const onEvent = user.client.onEvent;
    user.client.onEvent = (event, payload) => {
      if (event === 'server:draining') {
        returnAt = performance.now() + ((payload as Success<Goodbye>).data.afterMs ?? 0);
      } else onEvent(event, payload);
    };
    user.client.onLost = () => {
      this.lost++;
      const waitMs = returnAt === undefined ? retryDelayMs(0) : Math.max(0, returnAt - performance.now());
      setTimeout(() => void this.reconnect(user, 0), waitMs);
    };
  }

  private async reconnect(user: User, attempt: number): Promise<void> {
    try {
      user.client = await user.connectAgain();
    } catch {
      this.failedAttempts++;
      setTimeout(() => void this.reconnect(user, attempt + 1), retryDelayMs(attempt + 1));
      return;
    }
    this.backAt.push(Date.now());
    this.traffic.follow(user);
    const answer = await user.client.request('sync', {});
    if (answer.success) this.syncedAt.push(Date.now());
  }
}
