import type { PresenceView, UserId } from '../../../../contract/index.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { UserModel } from '../../models/userModel.js';
import { createLru } from '../../utils/lru.js';
import { participantsKey } from '../../utils/participantsKey.js';
import type { Logger } from '../../utils/logger.js';
import { groupBy } from '../../utils/groupBy.js';
import { WriteBehind } from '../../utils/writeBehind.js';
import type { Summaries } from '../derived/index.js';
import type { DatabaseTime } from '../runtime/index.js';
import { haveBothWritten, type Relationship, type PrivacyPolicy } from '../visibility/index.js';
import { isPair } from '../membership/index.js';
import type { PresenceStore, Publisher, PushOptions } from '../ports.js';

interface PresenceDeps {
  conversations: Pick<ConversationModel, 'findKeys' | 'findShared'>;
  members: Pick<MemberModel, 'findWriters'>;
  summaries: Pick<Summaries, 'overlay'>;
  users: Pick<UserModel, 'findByIds' | 'updateLastSeen'>;
  publisher: Publisher;
  privacyPolicy: Pick<PrivacyPolicy, 'findWatchable' | 'showsPresence'>;
  time: Pick<DatabaseTime, 'now'>;
  logger: Logger;
  /** Users who are online on other processes; undefined where there are none. */
  store?: PresenceStore | undefined;
  /** How long a user counts as online after their last socket has closed, in ms: reloading a page is no absence. */
  graceMs: number;
}

/**
 * Last-seen times that may wait for the database. More than a process has users: stopping drops none. They go out in
 * one write, so that stopping while the database is away takes one timeout.
 */
const MAX_LAST_SEEN = 200_000;

interface Present {
  sockets: Set<string>;
  leaving: NodeJS.Timeout | undefined;
}

/** Shared groups that are searched for messages of both users. */
const MAX_SHARED_GROUPS = 200;

/** Users whose last published status is remembered. */
const MAX_STATUSES = 100_000;

/** The newest that is known of a user, and the place of that knowledge in the order in which it was asked for. */
interface Noted {
  presence: PresenceView;
  order: number;
}

/**
 * Presence of users. A user is online while at least one of their sockets is connected (phone, tablet, two windows), on
 * any process. While other processes cannot be asked, this one publishes what it knows itself, and corrects it later.
 * Presence is sent to watchers only, and only acquaintances may watch a user.
 */
export class PresenceService {
  readonly #deps: PresenceDeps;
  readonly #present = new Map<UserId, Present>();
  readonly #lastSeen: WriteBehind<UserId, Date>;
  /** Statuses that all watchers on this process were told last. Only differences from it are sent to them. */
  readonly #noted = createLru<UserId, Noted>(MAX_STATUSES);
  #order = 0;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
    this.#lastSeen = new WriteBehind({
      write: (seen) => deps.users.updateLastSeen(seen),
      // Last-seen times are best effort: those that cannot be written are dropped.
      dropFailed: true,
      onFailure: (error, seen) =>
        deps.logger.warn({ err: error, users: seen.size }, 'last-seen times could not be written'),
      maxBatch: MAX_LAST_SEEN,
      maxPending: MAX_LAST_SEEN,
    });
    deps.store?.onDoubt(() => void this.#notifyDifferences());
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
    void this.#isOnlyHere('enter', userId).then((isOnlyHere) => {
      if (isOnlyHere && this.#present.has(userId)) this.#notify({ userId, status: 'online' });
    });
  }

  disconnected(userId: UserId, socketId: string): void {
    const known = this.#present.get(userId);
    if (known?.sockets.delete(socketId) !== true || known.sockets.size > 0) return;
    const leftAt = this.#deps.time.now();
    known.leaving = setTimeout(() => this.#left(userId, leftAt), this.#deps.graceMs);
    known.leaving.unref();
  }

  /**
   * Returns the users that the caller may watch, given the privacy settings of both; the others are left out. Two users
   * are acquainted when both have sent messages in their direct conversation or in a shared small group. Costs three
   * queries at most, for any number of users.
   */
  async watchable(caller: UserId, userIds: readonly UserId[]): Promise<UserId[]> {
    const keys = new Map(
      userIds.filter((id) => id !== caller).map((id) => [participantsKey(caller, id), id] as const),
    );
    const found = await this.#deps.conversations.findKeys([...keys.keys()]);
    const pairs = new Map(
      found.flatMap((conversation) => {
        const key = conversation.participantsKey ?? '';
        const userId = keys.get(key);
        return userId !== undefined && isPair(conversation, key) ? [[userId, conversation] as const] : [];
      }),
    );
    const metInPairs = new Set(
      [...pairs].filter(([, one]) => haveBothWritten(this.#deps.summaries.overlay(one))).map(([id]) => id),
    );
    const others = [...keys.values()].filter((id) => !metInPairs.has(id));
    const metInGroups = await this.#findMetInGroups(caller, others);
    const asked = [...keys.values()].map((userId): [UserId, Relationship] => [
      userId,
      {
        hasChat: pairs.has(userId),
        isClosed: pairs.get(userId)?.closedBy !== undefined,
        isContact: metInPairs.has(userId) || metInGroups.has(userId),
      },
    ]);
    return this.#deps.privacyPolicy.findWatchable(caller, new Map(asked));
  }

  /**
   * Returns users who share a group with the caller in which both have sent messages. Being added to it is not enough.
   */
  async #findMetInGroups(caller: UserId, others: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    const { conversations, members, summaries } = this.#deps;
    const shared = await conversations.findShared(caller, others, MAX_SHARED_GROUPS);
    const asked = [caller, ...others];
    const stored = await members.findWriters(
      shared.map(({ _id }) => _id),
      asked,
    );
    const byGroup = groupBy(stored, ({ conversationId }) => conversationId);
    const met = shared.flatMap((group) => {
      // The member documents lag behind the log: the overlay adds senders of the newest messages.
      const { _id, sentBy, quietBy } = summaries.overlay(group);
      const known = byGroup.get(_id)?.map(({ userId }) => userId) ?? [];
      const writers = new Set([
        ...known,
        ...asked.filter((id) => sentBy?.has(id) === true || quietBy?.has(id) === true),
      ]);
      return writers.has(caller) ? [...writers] : [];
    });
    return new Set(met);
  }

  /**
   * Returns the status of users, and since when those who are offline are. Watchers on this process who were told
   * something else are told, too: whoever asks is the first to notice what no other process has announced.
   *
   * @param exceptSocketId the socket that receives the answer.
   */
  async read(userIds: readonly UserId[], exceptSocketId?: string): Promise<PresenceView[]> {
    this.#order += 1;
    const order = this.#order;
    const absent = userIds.filter((id) => !this.#present.has(id));
    const [elsewhere, found] = await Promise.all([
      this.#findElsewhere(absent),
      this.#deps.users.findByIds(absent),
    ]);
    const users = new Map(found.map((user) => [user._id, user]));
    return userIds.map((userId): PresenceView => {
      const known = this.#noted.get(userId);
      const isHere = this.#present.has(userId);
      // Watchers were told during the query, which may have been answered before; or there was no answer.
      if (known !== undefined && (known.order > order || (!isHere && elsewhere === undefined))) {
        return known.presence;
      }
      const presence: PresenceView =
        isHere || elsewhere?.has(userId) === true
          ? { userId, status: 'online' }
          : toOffline(userId, this.#lastSeen.itemsOf(userId).at(-1) ?? users.get(userId)?.lastSeenAt);
      this.#noted.set(userId, { presence, order });
      if (known?.presence.status !== presence.status) {
        this.#publish(presence, { onlyHere: true, exceptSocketId });
      }
      return presence;
    });
  }

  /** Returns those of the users who are online, on any process. */
  async findOnline(userIds: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    const here = userIds.filter((id) => this.#present.has(id));
    const elsewhere = await this.#findElsewhere(userIds.filter((id) => !this.#present.has(id)));
    return new Set([...here, ...(elsewhere ?? [])]);
  }

  /** Notes a status that another process has sent to the watchers on this one. */
  noteStatus(presence: PresenceView): void {
    this.#order += 1;
    this.#noted.set(presence.userId, { presence, order: this.#order });
  }

  /** Disconnects all users: stores when they were last seen. */
  async stop(): Promise<void> {
    const now = this.#deps.time.now();
    for (const [userId, { leaving }] of this.#present) {
      clearTimeout(leaving);
      this.#lastSeen.put(userId, now);
    }
    this.#present.clear();
    await this.#lastSeen.drain();
  }

  #left(userId: UserId, leftAt: Date): void {
    this.#present.delete(userId);
    void this.#isOnlyHere('leave', userId).then((isOnlyHere) => {
      if (!isOnlyHere || this.#present.has(userId)) return;
      this.#lastSeen.put(userId, leftAt);
      this.#notify(toOffline(userId, leftAt));
    });
  }

  #notify(presence: PresenceView): void {
    this.noteStatus(presence);
    this.#publish(presence);
  }

  #publish(presence: PresenceView, options: Pick<PushOptions, 'onlyHere' | 'exceptSocketId'> = {}): void {
    const { userId, status } = presence;
    const { privacyPolicy, publisher, logger } = this.#deps;
    privacyPolicy.showsPresence(userId).then(
      (isShown) => {
        // The user may have come back meanwhile: then this status is no longer the last one.
        if (!isShown || this.#noted.get(userId)?.presence.status !== status) return;
        publisher.toWatchers(userId, { event: 'presence', data: presence }, { ...options, from: userId });
      },
      (error: unknown) => logger.debug({ err: error }, 'a presence was not published'),
    );
  }

  /** True when a user who enters or leaves this process is on no other one: only then does their status change. */
  async #isOnlyHere(change: 'enter' | 'leave', userId: UserId): Promise<boolean> {
    try {
      return (await this.#deps.store?.[change](userId)) ?? true;
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'presence on other processes is not known');
      return true;
    }
  }

  /** Returns undefined while the other processes cannot be asked. */
  async #findElsewhere(userIds: readonly UserId[]): Promise<ReadonlySet<UserId> | undefined> {
    try {
      return (await this.#deps.store?.findOnline(userIds)) ?? new Set();
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'presence on other processes is not known');
      return undefined;
    }
  }

  /** Sends changed statuses to the watchers on this process after users may have come or gone unnoticed. */
  async #notifyDifferences(): Promise<void> {
    const { publisher, logger } = this.#deps;
    try {
      await this.read(publisher.watchedHere());
    } catch (error) {
      logger.warn({ err: error }, 'the presence of watched users could not be read again');
    }
  }
}

const toOffline = (userId: UserId, lastSeenAt: Date | undefined): PresenceView => ({
  userId,
  status: 'offline',
  ...(lastSeenAt !== undefined && { lastSeenAt: lastSeenAt.toISOString() }),
});
