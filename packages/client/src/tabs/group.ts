import type { Ask, AskOptions, LinkAnswer, TabMessage } from '../connection/link.js';
import type { CommandName, CommandPayload } from '../wire/index.js';
import type { TabLinkDeps } from './deps.js';
import { FollowerRole } from './followerRole.js';
import { LeaderRole } from './leaderRole.js';
import { Leadership } from './leadership.js';
import type { TabBus } from './ports.js';
import { groupName, isEnvelope, type TabEnvelope } from './protocol.js';

export interface GroupDeps extends TabLinkDeps {
  userId: string;
  tab: string;
  onMessage: (message: TabMessage) => void;
  /** The app's token is for another user now, who was accepted: this tab belongs to another group. */
  onOtherUser: (userId: string) => void;
  /** The connection of the group has ended for good. */
  onEnded: () => void;
}

/** One tab's membership in the group of all tabs of a user and server: as the leader, or as a follower. */
export class Group {
  readonly #deps: GroupDeps;
  readonly #name: string;
  readonly #bus: TabBus;
  readonly #leadership: Leadership;
  /** Ends what waits for locks of tabs. */
  readonly #left = new AbortController();
  #releaseOwn: (() => void) | undefined;
  #role: LeaderRole | FollowerRole | undefined;

  constructor(deps: GroupDeps) {
    this.#deps = deps;
    this.#name = groupName(deps.url, deps.userId);
    this.#bus = deps.ports.openBus(this.#name);
    this.#leadership = new Leadership({
      locks: deps.ports.locks,
      name: this.#name,
      onElected: () => this.#lead(),
      onDeposed: () => this.#stepDown(),
      onError: (cause) => deps.logger.error('the lock of the tabs failed', { cause: String(cause) }),
    });
  }

  /** Others see by the lock of this tab whether it is there; it is held before they hear of the tab. */
  join(): void {
    this.#bus.onmessage = ({ data }) => {
      if (isEnvelope(data)) this.#take(data);
    };
    const held = this.#deps.ports.locks.request(this.#lockOf(this.#deps.tab), {}, () => {
      if (this.#left.signal.aborted) return Promise.resolve();
      this.#follow();
      this.#leadership.join();
      return new Promise<void>((resolve) => {
        this.#releaseOwn = resolve;
      });
    });
    held.catch((error: unknown) => {
      this.#deps.logger.error('the lock of this tab failed', { cause: String(error) });
    });
  }

  #lockOf(tab: string): string {
    return `${this.#name}/${tab}`;
  }

  #take(envelope: TabEnvelope): void {
    if (envelope.type === 'tab') this.#deps.onMessage(envelope.message);
    else this.#role?.take(envelope);
  }

  #post(envelope: TabEnvelope): void {
    if (!this.#left.signal.aborted) this.#bus.postMessage(envelope);
  }

  #follow(): void {
    const role = new FollowerRole({
      tab: this.#deps.tab,
      events: this.#deps.events,
      post: (envelope) => this.#post(envelope),
      probeMs: this.#deps.probeMs,
      onLeaderFrozen: () => {
        this.#deps.logger.warn('the tab that holds the connection does not answer: this one takes over');
        this.#leadership.seize();
      },
      onEnded: this.#deps.onEnded,
    });
    this.#role = role;
    role.start();
  }

  #lead(): void {
    this.#role?.stop();
    const role = new LeaderRole({
      tab: this.#deps.tab,
      events: this.#deps.events,
      createLink: this.#deps.createLink,
      post: (envelope) => this.#post(envelope),
      whenGone: (tab, callback) => this.#whenGone(tab, callback),
      onUser: (userId) => this.#acceptUser(userId),
      onEnded: this.#deps.onEnded,
    });
    this.#role = role;
    role.start();
  }

  #stepDown(): void {
    this.#role?.stop();
    this.#follow();
    this.#leadership.join();
  }

  #acceptUser(userId: string): boolean {
    const isAccepted = this.#deps.events.onUser(userId);
    if (!isAccepted || userId === this.#deps.userId) return isAccepted;
    this.#deps.onOtherUser(userId);
    return false;
  }

  #whenGone(tab: string, callback: () => void): void {
    const { signal } = this.#left;
    const granted = () => {
      callback();
      return Promise.resolve();
    };
    this.#deps.ports.locks.request(this.#lockOf(tab), { signal }, granted).catch(() => undefined);
  }

  /**
   * Ends the use of this group.
   *
   * @param lingerMs time for which the lock is kept, so that the others hear what was said before one of them is elected
   */
  leave(lingerMs = 0): void {
    if (this.#left.signal.aborted) return;
    this.#role?.leave();
    this.#left.abort();
    if (lingerMs > 0) setTimeout(() => this.#leadership.leave(), lingerMs);
    else this.#leadership.leave();
    this.#releaseOwn?.();
    this.#bus.onmessage = null;
    this.#bus.close();
  }

  readonly ask: Ask = async <Name extends CommandName>(
    name: Name,
    payload: CommandPayload<Name>,
    options?: AskOptions,
  ): Promise<LinkAnswer<Name>> =>
    (await this.#role?.ask(name, payload, options)) ?? {
      success: false,
      code: 'OFFLINE',
      error: 'There is no connection.',
    };

  tell(payload: CommandPayload<'typing'>): void {
    this.#role?.tell(payload);
  }

  urge(type: 'hurry' | 'restart'): void {
    this.#role?.urge(type);
  }

  settle(): void {
    this.#role?.settle();
  }

  tellTabs(message: TabMessage): void {
    this.#post({ type: 'tab', from: this.#deps.tab, message });
  }
}
