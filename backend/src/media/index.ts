import { fileURLToPath } from 'node:url';
import workerpool, { type Pool } from 'workerpool';
import type { Inspection, InspectionRequest, MediaInspector } from '../services/mediaInspector.js';
import { AppError, unavailable } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import type { ImageSettings, WorkerRequest } from './types.js';

export interface MediaOptions {
  settings: ImageSettings;
  /** Files that are inspected at the same time, each in a process. */
  workers: number;
  /** Time for one file, in ms. */
  timeoutMs: number;
  logger: Logger;
}

/** Node runs the built worker, also where the server itself runs from the sources. */
const WORKER = fileURLToPath(
  new URL(
    import.meta.url.includes('/dist/') ? './worker.js' : '../../../dist/backend/src/media/worker.js',
    import.meta.url,
  ),
);
/** Files that wait for a worker. Further ones are refused, and their clients ask again. */
const MAX_WAITING = 50;
/** Heap of a worker in MB. Pixels are outside of it; their number is limited. */
const MAX_HEAP_MB = 512;

/** Runs inspections in worker processes, which are started when there is something to do. */
export class MediaPool implements MediaInspector {
  readonly #options: MediaOptions;
  #pool: Pool | undefined;
  #isClosed = false;

  constructor(options: MediaOptions) {
    this.#options = options;
  }

  async inspect(request: InspectionRequest): Promise<Inspection> {
    try {
      return await this.#run(request);
    } catch (error) {
      if (error instanceof AppError) throw error;
      this.#options.logger.warn(
        { err: error, kind: request.kind },
        'a media worker ended; its file is tried once more',
      );
    }
    try {
      return await this.#run(request);
    } catch (error) {
      if (error instanceof AppError) throw error;
      return { outcome: 'rejected', reason: 'unreadable' };
    }
  }

  /** Ends inspections that are running: their files are checked again when somebody asks. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool?.terminate(true);
    this.#pool = undefined;
  }

  /** @throws AppError `UNAVAILABLE` when too many files wait, or the server stops; other errors when the worker ends. */
  async #run(request: InspectionRequest): Promise<Inspection> {
    const { settings, timeoutMs } = this.#options;
    const full: WorkerRequest = { ...request, settings };
    try {
      return (await this.#open().exec('inspect', [full]).timeout(timeoutMs)) as Inspection;
    } catch (error) {
      if (error instanceof workerpool.Promise.TimeoutError) {
        return { outcome: 'rejected', reason: 'tooSlow' };
      }
      if (isFull(error)) throw unavailable('Too many files are being checked; ask again.', error);
      if (this.#isClosed) throw stopping(error);
      throw error;
    }
  }

  #open(): Pool {
    if (this.#isClosed) throw stopping();
    this.#pool ??= workerpool.pool(WORKER, {
      workerType: 'process',
      minWorkers: 0,
      maxWorkers: this.#options.workers,
      maxQueueSize: MAX_WAITING,
      forkOpts: { execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`] },
    });
    return this.#pool;
  }
}

const stopping = (cause?: unknown): AppError => unavailable('The server is stopping; ask again.', cause);

const isFull = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Max queue size');
