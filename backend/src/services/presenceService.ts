import { LRUCache } from 'lru-cache';
import type { PresenceView, UserId } from '../../../contract/index.js';
import type { ConversationModel } from '../models/conversationModel.js';
import type { UserModel } from '../models/userModel.js';
import { participantsKey } from '../utils/participantsKey.js';
import type { Logger } from '../utils/logger.js';
import { isPair } from './sound.js';
import type { PresenceStore, Publisher } from './ports.js';
import type { Discretion } from './safety/discretion.js';

interface PresenceParts {
  conversations: Pick<ConversationModel, 'findKeys'>;
  users: Pick<UserModel, 'findByIds' | 'updateLastSeen'>;
  publisher: Publisher;
  discretion: Pick<Discretion, 'watchable' | 'showsPresence'>;
  logger: Logger;
  /** Who is online on other processes, where there are any. */
  store?: PresenceStore | undefined;
  /** How long somebody whose last socket is gone still counts as online, in ms: a reload is no absence. */
  graceMs: number;
}

/** Last-seen times that may wait while the database is away; the oldest give way. */
const MAX_SEEN = 50_000;

interface Present {
  sockets: Set<string>;
  leaving: NodeJS.Timeout | undefined;
}

/** Users whose last told status is remembered. */
const MAX_TOLD = 100_000;

/**
 * Who is online: somebody is while at least one of their sockets is (phone, tablet, two windows), on whichever process.
 * While the others cannot be asked, this process tells what it sees itself, and puts it right afterwards.
 * Only those who watch a user hear of them, and only who has a conversation with them may watch.
 */
export class PresenceService {
  readonly #parts: PresenceParts;
  readonly #present = new Map<UserId, Present>();
  readonly #seen = new Map<UserId, Date>();
  /** What watchers here were told last: after a doubt, only what is different is told again. */
  readonly #told = new LRUCache<UserId, PresenceView['status']>({ max: MAX_TOLD });
  #writing: Promise<void> | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    parts.store?.onDoubt(() => void this.#tellAgain());
  }

  connected(userId: UserId, socketId: string): void {
    const known = this.#present.get(userId);
    if (known !== undefined) {
      clearTimeout(known.leaving);
      known.leaving = undefined;
      known.sockets.add(socketId);
      return;
    }
    this.#present.set(userId, { sockets: new Set([socketId]), leaving: undefined });
    void this.#isOnlyHere('enter', userId).then((isNews) => {
      if (isNews && this.#present.has(userId)) this.#tell({ userId, status: 'online' });
    });
  }

  disconnected(userId: UserId, socketId: string): void {
    const known = this.#present.get(userId);
    if (known?.sockets.delete(socketId) !== true || known.sockets.size > 0) return;
    const leftAt = new Date();
    known.leaving = setTimeout(() => this.#left(userId, leftAt), this.#parts.graceMs);
    known.leaving.unref();
  }

  /**
   * Those of these users whom the caller has a conversation with, and neither of whom has anything against it; about
   * others nothing is said.
   */
  async watchable(caller: UserId, userIds: readonly UserId[]): Promise<UserId[]> {
    const keys = new Map(
      userIds.filter((id) => id !== caller).map((id) => [participantsKey(caller, id), id] as const),
    );
    const found = await this.#parts.conversations.findKeys([...keys.keys()]);
    const pairs = found.flatMap((conversation) => {
      const key = conversation.participantsKey ?? '';
      const userId = keys.get(key);
      return userId !== undefined && isPair(conversation, key) ? [[userId, conversation] as const] : [];
    });
    return this.#parts.discretion.watchable(caller, new Map(pairs));
  }

  /** Who of these users is online, and since when the others are not. */
  async read(userIds: readonly UserId[]): Promise<PresenceView[]> {
    const absent = userIds.filter((id) => !this.#present.has(id));
    const [elsewhere, found] = await Promise.all([
      this.#findElsewhere(absent),
      this.#parts.users.findByIds(absent),
    ]);
    const users = new Map(found.map((user) => [user._id, user]));
    return userIds.map((userId): PresenceView => {
      const isOnline = this.#present.has(userId) || elsewhere.has(userId);
      const view = isOnline
        ? { userId, status: 'online' as const }
        : toOffline(userId, this.#seen.get(userId) ?? users.get(userId)?.lastSeenAt);
      this.#told.set(userId, view.status);
      return view;
    });
  }

  /** Watchers here were told this by another process. */
  noteTold(presence: PresenceView): void {
    this.#told.set(presence.userId, presence.status);
  }

  /** Everybody leaves with the process: keeps when they were last seen. */
  async stop(): Promise<void> {
    const now = new Date();
    for (const [userId, { leaving }] of this.#present) {
      clearTimeout(leaving);
      this.#seen.set(userId, now);
    }
    this.#present.clear();
    this.#writing ??= this.#writeSeen();
    await this.#writing;
  }

  #left(userId: UserId, leftAt: Date): void {
    this.#present.delete(userId);
    void this.#isOnlyHere('leave', userId).then((isNews) => {
      if (!isNews || this.#present.has(userId)) return;
      this.#noteSeen(userId, leftAt);
      this.#tell(toOffline(userId, leftAt));
    });
  }

  #noteSeen(userId: UserId, at: Date): void {
    this.#seen.set(userId, at);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest);
    this.#writing ??= this.#writeSeen();
  }

  #tell(presence: PresenceView): void {
    const { userId, status } = presence;
    this.#told.set(userId, status);
    const { discretion, publisher, logger } = this.#parts;
    discretion.showsPresence(userId).then(
      (isShown) => {
        // Who came back meanwhile has been told of.
        if (!isShown || this.#told.get(userId) !== status) return;
        publisher.toWatchers(userId, { event: 'presence', data: presence }, { from: userId });
      },
      (error: unknown) => logger.debug({ err: error }, 'nobody is told of a presence'),
    );
  }

  /** Whether a user who comes or goes here is on no other process: then it is news to those who watch. */
  async #isOnlyHere(change: 'enter' | 'leave', userId: UserId): Promise<boolean> {
    try {
      return (await this.#parts.store?.[change](userId)) ?? true;
    } catch (error) {
      this.#parts.logger.debug({ err: error }, 'presence on other processes is not known');
      return true;
    }
  }

  async #findElsewhere(userIds: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    try {
      return (await this.#parts.store?.findOnline(userIds)) ?? new Set();
    } catch (error) {
      this.#parts.logger.debug({ err: error }, 'presence on other processes is not known');
      return new Set();
    }
  }

  /** Somebody may have come or gone unheard: tells the watchers here what is different from what they know. */
  async #tellAgain(): Promise<void> {
    const { publisher, logger } = this.#parts;
    const before = new Map(publisher.watchedHere().map((id) => [id, this.#told.get(id)]));
    try {
      for (const presence of await this.read([...before.keys()])) {
        if (before.get(presence.userId) === presence.status) continue;
        const push = { event: 'presence' as const, data: presence };
        publisher.toWatchers(presence.userId, push, { onlyHere: true, from: presence.userId });
      }
    } catch (error) {
      logger.warn({ err: error }, 'the presence of watched users could not be read again');
    }
  }

  /** All who left meanwhile, in one write. What cannot be written is dropped: it is a courtesy, not a record. */
  async #writeSeen(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#seen.size > 0) {
      const seen = new Map(this.#seen);
      try {
        await this.#parts.users.updateLastSeen(seen);
      } catch (error) {
        this.#parts.logger.warn({ err: error, users: seen.size }, 'last-seen times could not be written');
      }
      for (const [userId, at] of seen) if (this.#seen.get(userId) === at) this.#seen.delete(userId);
    }
    this.#writing = undefined;
  }
}

const toOffline = (userId: UserId, lastSeenAt: Date | undefined): PresenceView => ({
  userId,
  status: 'offline',
  ...(lastSeenAt !== undefined && { lastSeenAt: lastSeenAt.toISOString() }),
});
