import type { UserId } from '../../../../contract/index.js';
import type { PresenceStore } from '../../services/ports.js';
import type { ToPeer } from './frames.js';
import { HubAway, type HubLink, type HubSide } from './hubLink.js';

/** Asked for in one question; more are asked for in several. */
const MAX_ASKED = 1_000;

/** Who has a socket on any worker: the primary keeps it in memory, and forgets a worker's users when it dies. */
export class HubPresence implements PresenceStore, HubSide {
  readonly #mine = new Set<UserId>();
  readonly #listeners: (() => void)[] = [];
  #closed = false;

  constructor(readonly link: HubLink) {
    link.join(this);
  }

  async enter(userId: UserId): Promise<boolean> {
    this.#requireOpen();
    this.#mine.add(userId);
    return await this.#askAlone({ t: 'enter', user: userId });
  }

  async leave(userId: UserId): Promise<boolean> {
    this.#requireOpen();
    this.#mine.delete(userId);
    return await this.#askAlone({ t: 'leave', user: userId });
  }

  async findOnline(userIds: readonly UserId[]): Promise<Set<UserId>> {
    this.#requireOpen();
    const online = new Set<UserId>();
    for (let start = 0; start < userIds.length; start += MAX_ASKED) {
      const users = userIds.slice(start, start + MAX_ASKED);
      const answer = await this.link.ask({ t: 'find', users });
      if (answer.t === 'online') for (const user of answer.users) online.add(user);
    }
    return online;
  }

  onDoubt(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#mine.clear();
    this.link.sendState();
    await this.link.flushed();
  }

  receive(frame: ToPeer): void {
    if (frame.t === 'doubt') this.onResync();
  }

  onResync(): void {
    if (!this.#closed) for (const listener of this.#listeners) listener();
  }

  state(): { users: UserId[] } {
    return { users: [...this.#mine] };
  }

  async #askAlone(question: { t: 'enter' | 'leave'; user: UserId }): Promise<boolean> {
    const answer = await this.link.ask(question);
    return answer.t === 'alone' && answer.alone;
  }

  #requireOpen(): void {
    if (this.#closed) throw new HubAway('this presence store is closed');
  }
}
