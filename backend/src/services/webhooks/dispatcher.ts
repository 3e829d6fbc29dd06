import type { WebhookRecord } from '../../models/webhookModel.js';
import type { Look, QuietLogs } from '../runtime/index.js';
import type { LogFollower } from './follower.js';
import { CLAIM_MS } from './claim.js';
import { WebhookRunner, type RunnerDeps } from './runner.js';

export interface DispatcherDeps extends Omit<RunnerDeps, 'follower' | 'quietLogs'> {
  newFollower: () => LogFollower;
  newQuietLogs: () => QuietLogs;
  /** Id of this process. */
  processId: string;
}

/** Pause between two looks for webhooks whose owner has died, in ms. */
const LOOK_EVERY_MS = 2_000;

/**
 * Shares the webhooks among the processes: each webhook is delivered by one, which holds a claim in the database. A claim that
 * is not renewed goes to another process.
 */
export class WebhookDispatcher {
  readonly #deps: DispatcherDeps;
  readonly #runners = new Map<string, WebhookRunner>();
  #mark: number | undefined;
  /** True while webhooks exist that another process delivers: it may die. */
  #hasOthers = false;
  #ticking: Promise<void> | undefined;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#hasOthers || [...this.#runners.values()].some(({ isOver }) => isOver)) this.#look();
    }, LOOK_EVERY_MS);
    this.#timer.unref();
    this.#look();
  }

  /** Handles a look at the marks of changes: webhooks were added or changed. */
  noteLook({ marks }: Look): void {
    if (this.#timer === undefined || marks.webhooks === this.#mark) return;
    const mark = marks.webhooks;
    this.#look(() => (this.#mark = mark));
  }

  /** Gives all webhooks back. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#ticking;
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
    this.#runners.clear();
  }

  #look(onDone: () => void = () => undefined): void {
    this.#ticking ??= this.#tick()
      .then(onDone, (error: unknown) => {
        this.#hasOthers = true;
        this.#deps.logger.debug({ err: error }, 'the webhooks could not be read');
      })
      .finally(() => (this.#ticking = undefined));
  }

  async #tick(): Promise<void> {
    const { webhooks, time } = this.#deps;
    const found = await webhooks.findAll();
    await Promise.all(
      [...this.#runners].map(async ([id, runner]) => {
        runner.noteStored(found.find(({ _id }) => _id === id));
        if (!runner.isOver) return;
        this.#runners.delete(id);
        await runner.stop();
      }),
    );
    const free = found.filter(({ _id, status }) => status === 'on' && !this.#runners.has(_id));
    this.#hasOthers = free.length > 0;
    for (const webhook of free) {
      if (webhook.owner === undefined || webhook.owner.until < time.now() || this.#isOwn(webhook)) {
        await this.#claim(webhook._id);
      }
    }
  }

  #isOwn({ owner }: WebhookRecord): boolean {
    return owner?.id === this.#deps.processId;
  }

  async #claim(id: string): Promise<void> {
    const { webhooks, time, processId, newFollower, newQuietLogs } = this.#deps;
    const until = new Date(time.nowMs() + CLAIM_MS);
    const webhook = await webhooks.claim(id, { id: processId, until }, time.now());
    if (webhook === undefined || this.#isStopped) return;
    const own = { follower: newFollower(), quietLogs: newQuietLogs() };
    const runner = new WebhookRunner({ ...this.#deps, ...own }, webhook, processId);
    this.#runners.set(id, runner);
    runner.start();
  }
}
