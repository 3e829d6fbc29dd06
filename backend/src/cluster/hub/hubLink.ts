import { withDeadline } from '../../utils/deadline.js';
import { weigh, type ToPeer, type ToRouter } from './frames.js';
import { Outbox, type SendFrames } from './outbox.js';

/** What one end of the hub is asked for its frames to be understood; the bus and the presence store each are one. */
export interface HubSide {
  receive(frame: ToPeer): void;
  /** What was said before may not have arrived, and what others said neither. */
  onResync(): void;
  /** What the router should know of this side. */
  state(): { rooms?: string[]; users?: Extract<ToRouter, { t: 'state' }>['users'] };
}

/** The router is away: its process does not answer. */
export class HubAway extends Error {
  override readonly name = 'HubAway';
}

/** The primary answers from memory; one that does not within this long, in ms, is stopped or overwhelmed. */
const ANSWER_WITHIN_MS = 2_000;

type Question = Extract<ToRouter, { ask: number }>;
type Asked = Question extends infer One ? (One extends Question ? Omit<One, 'ask'> : never) : never;

/**
 * A worker's end of the hub. Frames that find no room are dropped; when there is room again the router gets the whole
 * state of this worker instead, so that what is kept here is bounded by what this worker listens to and has.
 */
export class HubLink {
  readonly #outbox: Outbox<ToRouter>;
  readonly #sides: HubSide[] = [];
  readonly #asked = new Map<number, (answer: ToPeer) => void>();
  #counter = 0;
  #closed = false;
  /** A question was not answered in time. */
  #missed = false;

  constructor(send: SendFrames<ToRouter>, { maxBytes }: { maxBytes?: number } = {}) {
    this.#outbox = new Outbox({
      send,
      weigh,
      onRelief: () => this.#resync(),
      ...(maxBytes !== undefined && { maxBytes }),
    });
  }

  get isUp(): boolean {
    return !this.#closed && !this.#outbox.isFull && !this.#missed;
  }

  join(side: HubSide): void {
    this.#sides.push(side);
  }

  /** Sends, or drops where there is no room. Never waits, never throws. */
  say(frame: ToRouter): void {
    this.#outbox.offer(frame);
  }

  /** @throws HubAway where there is no room for the question, or no answer in time. */
  async ask(question: Asked): Promise<ToPeer> {
    const ask = (this.#counter += 1);
    if (this.#closed || !this.#outbox.offer({ ...question, ask })) throw new HubAway('the hub takes nothing');
    try {
      const answer = new Promise<ToPeer>((resolve) => this.#asked.set(ask, resolve));
      return await withDeadline(answer, ANSWER_WITHIN_MS, () => {
        this.#missed = true;
        return new HubAway(`the hub did not answer within ${ANSWER_WITHIN_MS} ms`);
      });
    } finally {
      this.#asked.delete(ask);
    }
  }

  receive(frames: readonly ToPeer[]): void {
    if (this.#missed) {
      this.#missed = false;
      for (const side of this.#sides) side.onResync();
    }
    for (const frame of frames) {
      if ('ask' in frame) this.#asked.get(frame.ask)?.(frame);
      else for (const side of this.#sides) side.receive(frame);
    }
  }

  /** Tells the router anew what this worker listens to and has. */
  sendState(): void {
    const states = this.#sides.map((side) => side.state());
    this.#outbox.insist({
      t: 'state',
      rooms: states.flatMap(({ rooms = [] }) => rooms),
      users: states.flatMap(({ users = [] }) => users),
    });
  }

  /** Resolves when what was said so far is on its way. */
  flushed(): Promise<void> {
    return this.#outbox.empty();
  }

  /** The channel is gone for good. */
  close(): void {
    this.#closed = true;
    this.#outbox.close();
  }

  #resync(): void {
    this.sendState();
    this.#outbox.insist({ t: 'lost' });
    for (const side of this.#sides) side.onResync();
  }
}
