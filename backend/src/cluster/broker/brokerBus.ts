import type { Bus, BusListener } from '../../services/ports.js';
import type { ToWorker } from './frames.js';
import type { BrokerLink, BrokerClient } from './brokerLink.js';

/** The `Bus` between the workers of one machine. Messages go through the primary, so it needs no Redis. */
export class BrokerBus implements Bus, BrokerClient {
  readonly #rooms = new Set<string>();
  #listener: BusListener | undefined;

  constructor(readonly link: BrokerLink) {
    link.join(this);
  }

  get isUp(): boolean {
    return this.#listener !== undefined && this.link.isUp;
  }

  start(listener: BusListener): Promise<void> {
    this.#listener = listener;
    for (const room of this.#rooms) this.link.send({ t: 'listen', room });
    return Promise.resolve();
  }

  publish(room: string, message: string): void {
    if (this.#listener !== undefined) this.link.send({ t: 'publish', room, message });
  }

  listen(room: string): void {
    if (this.#rooms.has(room)) return;
    this.#rooms.add(room);
    if (this.#listener !== undefined) this.link.send({ t: 'listen', room });
  }

  unlisten(room: string): void {
    if (this.#rooms.delete(room) && this.#listener !== undefined) this.link.send({ t: 'unlisten', room });
  }

  async close(): Promise<void> {
    for (const room of [...this.#rooms]) this.unlisten(room);
    this.#listener = undefined;
    await this.link.flushed();
  }

  receive(frame: ToWorker): void {
    if (frame.t === 'gap') this.#listener?.onGap();
    // A message that was already on its way when this worker stopped listening is ignored.
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
