import type { UploadQuotaModel } from '../../models/uploadQuotaModel.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import { sweepSteps, type SweepDeps } from './sweep.js';

export interface SweeperDeps extends SweepDeps {
  uploadQuotas: Pick<UploadQuotaModel, 'removeExpired'>;
  metrics: Pick<Metrics, 'sweptAttachments'>;
  log: ThrottledLog;
  /** Called after rows were put on the list of those to delete. */
  onDeleting: () => void;
}

const EVERY_MS = 3_600_000;

/** Sweeps once an hour. Every process does: what one has removed, the next one does not find. */
export class Sweeper {
  readonly #deps: SweeperDeps;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(deps: SweeperDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#isStopped) return;
    // Spread over processes, and not right after a start, when clients reconnect.
    this.#timer = setTimeout(
      () => {
        this.#running = this.#sweep().finally(() => this.start());
      },
      EVERY_MS * (0.5 + Math.random()),
    ).unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #sweep(): Promise<void> {
    const { metrics, log, onDeleting, uploadQuotas, now } = this.#deps;
    try {
      for await (const { what, apply } of sweepSteps(this.#deps)) {
        metrics.sweptAttachments.inc({ what }, await apply());
        if (this.#isStopped) return;
      }
      await uploadQuotas.removeExpired(now());
      onDeleting();
    } catch (error) {
      // The next sweep finds the rest.
      log.warn('sweep', { err: error }, 'unused files could not be swept');
    }
  }
}
