import type { Worker } from 'node:cluster';
import type { Socket } from 'node:net';
import { createDeferred } from '../utils/deferred.js';
import type { Logger } from '../utils/logger.js';
import { endChannel, stopReading } from './nodeInternals/index.js';
import { fromWorker, PROTOCOL, type FromPrimary, type FromWorker } from './wire.js';

/** A worker ended before it was ready. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';

  constructor(
    message: string,
    /** True when the worker itself gave the reason: the next attempt would fail for it, too. */
    readonly hasReason: boolean,
  ) {
    super(message);
  }
}

export interface WorkerProcessDeps {
  worker: Worker;
  logger: Logger;
  /** Called with messages other than those about start and end, and with the connection that was passed along. */
  onMessage: (message: FromWorker, socket: Socket | undefined) => void;
}

/** Last messages of a worker arrive within this time after its end, in ms. */
const FINAL_MESSAGES_MS = 100;

type State = 'starting' | 'ready' | 'draining' | 'gone';

/** A worker as seen by the primary. */
export class WorkerProcess {
  #state: State = 'starting';
  #wasRetired = false;
  /** Resolves with the port when the worker accepts connections. @throws StartFailed */
  readonly ready: Promise<number>;
  /** Resolves when the worker has ended and all of its messages have been received. */
  readonly exited: Promise<void>;
  readonly #start = createDeferred<number>();

  constructor(readonly deps: WorkerProcessDeps) {
    const { worker } = deps;
    this.ready = this.#start.promise;
    // Nothing has to wait for it: without a handler a failed start would end the primary.
    this.ready.catch(() => undefined);
    const disconnected = new Promise<void>((resolve) => worker.once('disconnect', resolve));
    this.exited = new Promise((resolve) => {
      worker.once('exit', (code: number | null, signal: string | null) => {
        this.#state = 'gone';
        this.#start.reject(new StartFailed(`A worker ended with ${signal ?? code ?? 'nothing'}.`, false));
        const timer = setTimeout(() => endChannel(worker), FINAL_MESSAGES_MS);
        void disconnected.then(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    });
    // The process could not be spawned, or the channel broke: `exit` follows, or has been emitted.
    worker.on('error', (error) => deps.logger.warn({ err: error, worker: worker.id }, 'a worker failed'));
    worker.on('message', (message: unknown, handle: unknown) => {
      const parsed = fromWorker.safeParse(message);
      // Other messages come from another build, or are meant for another listener.
      if (parsed.success) this.#receive(parsed.data, isSocket(handle) ? handle : undefined);
    });
  }

  get id(): number {
    return this.deps.worker.id;
  }

  get pid(): number | undefined {
    return this.deps.worker.process.pid;
  }

  get state(): State {
    return this.#state;
  }

  /** True when it was asked to end. */
  get wasRetired(): boolean {
    return this.#wasRetired;
  }

  /** @param done called when the channel has taken the message, or with the error that prevents it. */
  send(message: FromPrimary, done: (error: Error | null) => void = () => undefined): void {
    const { worker } = this.deps;
    if (!worker.isConnected()) done(new Error('the worker is gone'));
    else worker.process.send(message, undefined, {}, done);
  }

  /** Passes a connection on. The connection is closed when that fails. */
  sendSocket(message: FromPrimary, socket: Socket): void {
    stopReading(socket);
    const { worker } = this.deps;
    // Only a handle stays in this process. Unless it is destroyed, the worker that passed it counts it forever.
    const done = (): void => void socket.destroy();
    if (!worker.isConnected()) done();
    else worker.process.send(message, socket, {}, done);
  }

  /** Asks the worker to drain and end, and kills it after `withinMs`. Resolves when it has ended. */
  async retire(withinMs: number): Promise<void> {
    if (this.#state === 'gone') return;
    if (this.#state !== 'draining') {
      // A worker that is starting does not listen to messages yet, and has nothing to finish.
      if (this.#state === 'starting') this.deps.worker.process.kill('SIGTERM');
      else this.send({ parley: 'drain' });
      this.#state = 'draining';
      this.#wasRetired = true;
    }
    const timer = setTimeout(() => {
      this.deps.logger.error({ worker: this.id }, `a worker did not end within ${withinMs} ms, killing it`);
      this.kill();
    }, withinMs);
    await this.exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.deps.worker.process.kill('SIGKILL');
  }

  #receive(message: FromWorker, socket: Socket | undefined): void {
    if (message.parley === 'failed') {
      this.#start.reject(new StartFailed(message.reason, true));
    } else if (message.parley === 'ready') {
      this.#onReady(message);
    } else this.deps.onMessage(message, socket);
  }

  #onReady({ port, protocol }: { port: number; protocol: number }): void {
    if (this.#state !== 'starting') return;
    if (protocol !== PROTOCOL) {
      this.#start.reject(
        new StartFailed(
          'The new build is incompatible with the running primary: stop the server and start it again.',
          true,
        ),
      );
      return;
    }
    this.#state = 'ready';
    this.#start.resolve(port);
  }
}

const isSocket = (handle: unknown): handle is Socket =>
  typeof handle === 'object' && handle !== null && 'unshift' in handle && 'destroy' in handle;
