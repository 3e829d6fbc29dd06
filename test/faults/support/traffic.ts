import { Stopped, type Person } from './person.js';

export interface Lane {
  person: Person;
  conversationId: string;
}

export interface TrafficOptions {
  /** How many messages each lane has under way at a time. */
  width?: number;
  /** Every so many messages of a lane, everything up to there is marked as read; 0 for never. */
  readEvery?: number;
  /** In every text. */
  label?: string;
}

/** People who keep talking until they are told to stop. */
export class Traffic {
  #counter = 0;
  #stopping = false;
  #failure: Error | undefined;
  #onFailure: (error: Error) => void = () => undefined;
  readonly label: string;
  readonly #talking: Promise<void>[];

  constructor(
    readonly lanes: readonly Lane[],
    { width = 4, readEvery = 0, label = 'everybody' }: TrafficOptions = {},
  ) {
    this.label = label;
    this.#talking = lanes.flatMap((lane) =>
      Array.from({ length: width }, () =>
        this.#talk(lane, readEvery).catch((error: unknown) => this.#note(error)),
      ),
    );
  }

  /** What will be said soon: each text is said once, so that a fault that waits for it meets one message only. */
  upcomingTexts(count: number): string[] {
    return Array.from({ length: count }, (_, index) => `text ${this.#counter + 20 + index} of ${this.label}`);
  }

  /** Waits for something while people talk. @throws as soon as somebody is refused. */
  async during<T>(something: Promise<T>): Promise<T> {
    const refused = new Promise<never>((_resolve, reject) => (this.#onFailure = reject));
    if (this.#failure !== undefined) throw this.#failure;
    return Promise.race([something, refused]);
  }

  /** Resolves when everything that was begun is acknowledged. @throws the first refusal that nobody should see. */
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
