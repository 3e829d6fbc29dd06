import type { UserId } from '../../../../contract/index.js';
import type { PresenceStore } from '../../services/ports.js';
import type { ToWorker } from './frames.js';
import { BrokerUnavailable, type BrokerLink, type BrokerClient } from './brokerLink.js';

/** Maximum users per request; longer lists are split. */
const MAX_USERS_PER_REQUEST = 1_000;

/** Presence of users over all workers. The primary keeps it in memory and forgets the users of a worker that dies. */
export class BrokerPresence implements PresenceStore, BrokerClient {
  readonly #localUsers = new Set<UserId>();
  readonly #listeners: (() => void)[] = [];
  #closed = false;

  constructor(readonly link: BrokerLink) {
    link.join(this);
  }

  async enter(userId: UserId): Promise<boolean> {
    this.#requireOpen();
    this.#localUsers.add(userId);
    return await this.#requestAlone({ t: 'enter', user: userId });
  }

  async leave(userId: UserId): Promise<boolean> {
    this.#requireOpen();
    this.#localUsers.delete(userId);
    return await this.#requestAlone({ t: 'leave', user: userId });
  }

  async findOnline(userIds: readonly UserId[]): Promise<Set<UserId>> {
    this.#requireOpen();
    const online = new Set<UserId>();
    for (let start = 0; start < userIds.length; start += MAX_USERS_PER_REQUEST) {
      const users = userIds.slice(start, start + MAX_USERS_PER_REQUEST);
      const answer = await this.link.request({ t: 'find', users });
      if (answer.t === 'online') for (const user of answer.users) online.add(user);
    }
    return online;
  }

  onDoubt(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#localUsers.clear();
    this.link.sendState();
    await this.link.flushed();
  }

  receive(frame: ToWorker): void {
    if (frame.t === 'doubt') this.onResync();
  }

  onResync(): void {
    if (!this.#closed) for (const listener of this.#listeners) listener();
  }

  state(): { users: UserId[] } {
    return { users: [...this.#localUsers] };
  }

  async #requestAlone(question: { t: 'enter' | 'leave'; user: UserId }): Promise<boolean> {
    const answer = await this.link.request(question);
    return answer.t === 'alone' && answer.alone;
  }

  #requireOpen(): void {
    if (this.#closed) throw new BrokerUnavailable('this presence store is closed');
  }
}
