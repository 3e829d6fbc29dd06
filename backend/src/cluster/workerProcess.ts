import type { Worker } from 'node:cluster';
import type { Socket } from 'node:net';
import type { Logger } from '../utils/logger.js';
import { stopReading } from './stopReading.js';
import { fromWorker, PROTOCOL, type FromPrimary, type FromWorker } from './wire.js';

/** A worker ended, or could not begin, before it was ready. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';

  constructor(
    message: string,
    /** It said why: it will say the same again. */
    readonly isExplained: boolean,
  ) {
    super(message);
  }
}

export interface WorkerProcessParts {
  worker: Worker;
  logger: Logger;
  /** What it says, but for how it comes and goes, with the connection that came along. */
  onMessage: (message: FromWorker, socket: Socket | undefined) => void;
}

/** What a worker said last is there this long after its end, in ms. */
const LAST_WORDS_MS = 100;

type State = 'starting' | 'ready' | 'draining' | 'gone';

/** One worker as its primary sees it. */
export class WorkerProcess {
  #state: State = 'starting';
  #wasRetired = false;
  /** Resolves with the port when it takes connections. @throws StartFailed */
  readonly ready: Promise<number>;
  /** Resolves when it has ended and all that it had said has been heard. */
  readonly exited: Promise<void>;
  #isReady: (port: number) => void = () => undefined;
  #hasFailed: (error: StartFailed) => void = () => undefined;

  constructor(readonly parts: WorkerProcessParts) {
    const { worker } = parts;
    this.ready = new Promise<number>((resolve, reject) => {
      this.#isReady = resolve;
      this.#hasFailed = reject;
    });
    // Who waits for it is told; nobody has to wait.
    this.ready.catch(() => undefined);
    const silent = new Promise<void>((resolve) => worker.once('disconnect', resolve));
    this.exited = new Promise((resolve) => {
      worker.once('exit', (code: number | null, signal: string | null) => {
        this.#state = 'gone';
        this.#hasFailed(new StartFailed(`A worker ended with ${signal ?? code ?? 'nothing'}.`, false));
        // With a connection on its way to it Node waits for the dead one to confirm, and goes on passing it others.
        const timer = setTimeout(() => worker.process.emit('disconnect'), LAST_WORDS_MS);
        void silent.then(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    });
    // A process that could not be made at all, or a channel that broke: `exit` follows, or came already.
    worker.on('error', (error) => parts.logger.warn({ err: error, worker: worker.id }, 'a worker failed'));
    worker.on('message', (message: unknown, handle: unknown) => {
      const parsed = fromWorker.safeParse(message);
      // Of another build, or not for us.
      if (parsed.success) this.#receive(parsed.data, isSocket(handle) ? handle : undefined);
    });
  }

  get id(): number {
    return this.parts.worker.id;
  }

  get pid(): number | undefined {
    return this.parts.worker.process.pid;
  }

  get state(): State {
    return this.#state;
  }

  /** Whether its end was wanted. */
  get wasRetired(): boolean {
    return this.#wasRetired;
  }

  /** `done` is called when the channel has taken it, or with why it cannot. */
  send(message: FromPrimary, done: (error: Error | null) => void = () => undefined): void {
    const { worker } = this.parts;
    if (!worker.isConnected()) done(new Error('the worker is gone'));
    else worker.process.send(message, undefined, {}, done);
  }

  /** Passes a connection on; where that fails it ends. */
  sendSocket(message: FromPrimary, socket: Socket): void {
    stopReading(socket);
    const { worker } = this.parts;
    // What stays here is only the shell of the connection: without this the worker it came from would count it for ever.
    const done = (): void => void socket.destroy();
    if (!worker.isConnected()) done();
    else worker.process.send(message, socket, {}, done);
  }

  /** Has it finish and go; one that has not gone within this long is killed. Resolves when it is gone. */
  async retire(withinMs: number): Promise<void> {
    if (this.#state === 'gone') return;
    if (this.#state !== 'draining') {
      // One that has only just begun does not listen to messages yet, and has nothing to finish.
      if (this.#state === 'starting') this.parts.worker.process.kill('SIGTERM');
      else this.send({ parley: 'drain' });
      this.#state = 'draining';
      this.#wasRetired = true;
    }
    const timer = setTimeout(() => {
      this.parts.logger.error({ worker: this.id }, `a worker did not end within ${withinMs} ms: killed`);
      this.kill();
    }, withinMs);
    await this.exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.parts.worker.process.kill('SIGKILL');
  }

  #receive(message: FromWorker, socket: Socket | undefined): void {
    if (message.parley === 'failed') {
      this.#hasFailed(new StartFailed(message.reason, true));
    } else if (message.parley === 'ready') {
      this.#begin(message);
    } else this.parts.onMessage(message, socket);
  }

  #begin({ port, protocol }: { port: number; protocol: number }): void {
    if (this.#state !== 'starting') return;
    if (protocol !== PROTOCOL) {
      this.#hasFailed(
        new StartFailed(
          'The new build cannot work with the primary that runs: stop it, and start again.',
          true,
        ),
      );
      return;
    }
    this.#state = 'ready';
    this.#isReady(port);
  }
}

const isSocket = (handle: unknown): handle is Socket =>
  typeof handle === 'object' && handle !== null && 'unshift' in handle && 'destroy' in handle;
