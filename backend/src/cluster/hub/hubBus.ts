import type { Bus, BusListener } from '../../services/ports.js';
import type { ToPeer } from './frames.js';
import type { HubLink, HubSide } from './hubLink.js';

/** The bus between the workers of one machine: over the primary, without anything else to run. */
export class HubBus implements Bus, HubSide {
  readonly #rooms = new Set<string>();
  #listener: BusListener | undefined;

  constructor(readonly link: HubLink) {
    link.join(this);
  }

  get isUp(): boolean {
    return this.#listener !== undefined && this.link.isUp;
  }

  start(listener: BusListener): Promise<void> {
    this.#listener = listener;
    for (const room of this.#rooms) this.link.say({ t: 'listen', room });
    return Promise.resolve();
  }

  publish(room: string, message: string): void {
    if (this.#listener !== undefined) this.link.say({ t: 'publish', room, message });
  }

  listen(room: string): void {
    if (this.#rooms.has(room)) return;
    this.#rooms.add(room);
    if (this.#listener !== undefined) this.link.say({ t: 'listen', room });
  }

  unlisten(room: string): void {
    if (this.#rooms.delete(room) && this.#listener !== undefined) this.link.say({ t: 'unlisten', room });
  }

  async close(): Promise<void> {
    for (const room of [...this.#rooms]) this.unlisten(room);
    this.#listener = undefined;
    await this.link.flushed();
  }

  receive(frame: ToPeer): void {
    if (frame.t === 'gap') this.#listener?.onGap();
    // What was on its way when this worker stopped listening is not for it any more.
    if (frame.t === 'message' && this.#rooms.has(frame.room)) {
      this.#listener?.onMessage(frame.room, frame.message);
    }
  }

  onResync(): void {
    this.#listener?.onGap();
  }

  state(): { rooms: string[] } {
    return { rooms: this.#listener === undefined ? [] : [...this.#rooms] };
  }
}
