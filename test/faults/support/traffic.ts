import { setTimeout as wait } from 'node:timers/promises';
import { Stopped, type Person } from './person.js';

export interface Lane {
  person: Person;
  conversationId: string;
}

export interface TrafficOptions {
  /** Number of messages of a lane in flight. */
  width?: number;
  /** A read is sent after this many messages of a lane; 0 for never. */
  readEvery?: number;
  /** Part of every text. */
  label?: string;
}

/** Messages per second of all lanes together: enough that some are always under way, and the machine is not saturated. */
const PER_SECOND = 250;

/** People who keep talking until they are told to stop. */
export class Traffic {
  #counter = 0;
  #stopping = false;
  #failure: Error | undefined;
  #onFailure: (error: Error) => void = () => undefined;
  readonly label: string;
  /** Of each talker after each message, on average, in ms. */
  readonly #pauseMs: number;
  readonly #talking: Promise<void>[];

  constructor(
    readonly lanes: readonly Lane[],
    { width = 4, readEvery = 0, label = 'everybody' }: TrafficOptions = {},
  ) {
    this.label = label;
    this.#pauseMs = (lanes.length * width * 1_000) / PER_SECOND;
    this.#talking = lanes.flatMap((lane) =>
      Array.from({ length: width }, () =>
        this.#talk(lane, readEvery).catch((error: unknown) => this.#note(error)),
      ),
    );
  }

  /** Returns texts that will be sent soon. Each text is sent once, so that a fault can wait for a single message. */
  upcomingTexts(count: number): string[] {
    return Array.from({ length: count }, (_, index) => `text ${this.#counter + 20 + index} of ${this.label}`);
  }

  /** Waits for a promise while users send. @throws as soon as a message is refused. */
  async during<T>(something: Promise<T>): Promise<T> {
    const refused = new Promise<never>((_resolve, reject) => (this.#onFailure = reject));
    if (this.#failure !== undefined) throw this.#failure;
    return Promise.race([something, refused]);
  }

  /** Resolves when everything sent is acknowledged. @throws the first unexpected refusal. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#talking);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #talk({ person, conversationId }: Lane, readEvery: number): Promise<void> {
    for (let count = 1; !this.#stopping; count += 1) {
      this.#counter += 1;
      const { seq } = await person.say(conversationId, `text ${this.#counter} of ${this.label}`);
      if (readEvery > 0 && count % readEvery === 0) await person.read(conversationId, seq);
      await wait(this.#pauseMs * 2 * Math.random());
    }
  }

  #note(error: unknown): void {
    if (!(error instanceof Stopped)) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      this.#onFailure(this.#failure);
    }
    this.#stopping = true;
  }
}
