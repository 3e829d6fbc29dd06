import { PendingAnswers } from '../../utils/pendingAnswers.js';
import { estimateBytes, type ToWorker, type ToBroker } from './frames.js';
import { Outbox, type SendFrames } from './outbox.js';

/** A component of a worker that uses the broker: the bus or the presence store. */
export interface BrokerClient {
  receive(frame: ToWorker): void;
  /** Frames may have been lost in both directions since the last resync. */
  onResync(): void;
  /** Returns the state that the router has to know about this component. */
  state(): { rooms?: string[]; users?: Extract<ToBroker, { t: 'state' }>['users'] };
}

/** The broker (the primary process) does not answer. */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable';
}

/**
 * Time limit for an answer, in ms. The primary answers from memory; one that takes longer is suspended or overloaded.
 */
const ANSWER_TIMEOUT_MS = 2_000;

type RequestFrame = Extract<ToBroker, { ask: number }>;
type RequestBody = RequestFrame extends infer One
  ? One extends RequestFrame
    ? Omit<One, 'ask'>
    : never
  : never;

/**
 * A worker's connection to the broker. Frames that exceed the outbox are dropped. Once it has drained, the router
 * receives the complete state of this worker instead, so memory use is bounded by the rooms and users of this worker.
 */
export class BrokerLink {
  readonly #outbox: Outbox<ToBroker>;
  readonly #clients: BrokerClient[] = [];
  readonly #answers = new PendingAnswers<ToWorker>();
  #closed = false;
  /** True after a request timed out, until the next frame arrives. */
  #timedOut = false;

  constructor(send: SendFrames<ToBroker>, { maxBytes }: { maxBytes?: number } = {}) {
    this.#outbox = new Outbox({
      send,
      estimateBytes,
      onDrained: () => this.#resync(),
      ...(maxBytes !== undefined && { maxBytes }),
    });
  }

  get isUp(): boolean {
    return !this.#closed && !this.#outbox.isFull && !this.#timedOut;
  }

  join(client: BrokerClient): void {
    this.#clients.push(client);
  }

  /** Sends a frame, or drops it when the outbox is full. Never waits, never throws. */
  send(frame: ToBroker): void {
    this.#outbox.tryEnqueue(frame);
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws BrokerUnavailable when the outbox is full or no answer arrives in time.
   */
  request(body: RequestBody): Promise<ToWorker> {
    const enqueue = (ask: number): void => {
      if (!this.#closed && this.#outbox.tryEnqueue({ ...body, ask })) return;
      throw new BrokerUnavailable('the outbox of the broker is full or closed');
    };
    return this.#answers.request(enqueue, {
      timeoutMs: ANSWER_TIMEOUT_MS,
      onTimeout: () => {
        this.#timedOut = true;
        return new BrokerUnavailable(`the broker did not answer within ${ANSWER_TIMEOUT_MS} ms`);
      },
    });
  }

  receive(frames: readonly ToWorker[]): void {
    if (this.#timedOut) {
      this.#timedOut = false;
      for (const client of this.#clients) client.onResync();
    }
    for (const frame of frames) {
      if ('ask' in frame) this.#answers.settle(frame.ask, frame);
      else for (const client of this.#clients) client.receive(frame);
    }
  }

  /** Sends the complete state of this worker, which replaces what the router knows. */
  sendState(): void {
    const states = this.#clients.map((client) => client.state());
    this.#outbox.enqueue({
      t: 'state',
      rooms: states.flatMap(({ rooms = [] }) => rooms),
      users: states.flatMap(({ users = [] }) => users),
    });
  }

  /** Resolves when all frames sent so far have been handed to the channel. */
  flushed(): Promise<void> {
    return this.#outbox.empty();
  }

  /** Called when the channel is closed for good. */
  close(): void {
    this.#closed = true;
    this.#outbox.close();
  }

  #resync(): void {
    this.sendState();
    this.#outbox.enqueue({ t: 'lost' });
    for (const client of this.#clients) client.onResync();
  }
}
