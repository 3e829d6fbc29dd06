import type { PresenceView, UserId } from '../../../contract/index.js';
import type { ConversationModel } from '../models/conversationModel.js';
import type { UserModel } from '../models/userModel.js';
import { participantsKey } from '../utils/participantsKey.js';
import type { Logger } from '../utils/logger.js';
import { isPair } from './access.js';
import type { Publisher } from './ports.js';

interface PresenceParts {
  conversations: Pick<ConversationModel, 'findKeys'>;
  users: Pick<UserModel, 'findByIds' | 'updateLastSeen'>;
  publisher: Publisher;
  logger: Logger;
  /** How long somebody whose last socket is gone still counts as online, in ms: a reload is no absence. */
  graceMs: number;
}

/** Last-seen times that may wait while the database is away; the oldest give way. */
const MAX_SEEN = 50_000;

interface Present {
  sockets: Set<string>;
  leaving: NodeJS.Timeout | undefined;
}

/**
 * Who is online on this process: somebody is while at least one of their sockets is (phone, tablet, two windows).
 * Only those who watch a user hear of them, and only who has a conversation with them may watch.
 */
export class PresenceService {
  readonly #parts: PresenceParts;
  readonly #present = new Map<UserId, Present>();
  readonly #seen = new Map<UserId, Date>();
  #writing: Promise<void> | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
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
    this.#tell({ userId, status: 'online' });
  }

  disconnected(userId: UserId, socketId: string): void {
    const known = this.#present.get(userId);
    if (known?.sockets.delete(socketId) !== true || known.sockets.size > 0) return;
    const leftAt = new Date();
    known.leaving = setTimeout(() => this.#left(userId, leftAt), this.#parts.graceMs);
    known.leaving.unref();
  }

  /** Those of these users whom the caller has a conversation with; about others nothing is said. */
  async watchable(caller: UserId, userIds: readonly UserId[]): Promise<UserId[]> {
    const keys = new Map(
      userIds.filter((id) => id !== caller).map((id) => [participantsKey(caller, id), id] as const),
    );
    const found = await this.#parts.conversations.findKeys([...keys.keys()]);
    return found.flatMap((conversation) => {
      const key = conversation.participantsKey ?? '';
      const userId = keys.get(key);
      return userId !== undefined && isPair(conversation, key) ? [userId] : [];
    });
  }

  /** Who of these users is online, and since when the others are not. */
  async read(userIds: readonly UserId[]): Promise<PresenceView[]> {
    const absent = userIds.filter((id) => !this.#present.has(id));
    const users = new Map((await this.#parts.users.findByIds(absent)).map((user) => [user._id, user]));
    return userIds.map((userId): PresenceView => {
      if (this.#present.has(userId)) return { userId, status: 'online' };
      const lastSeenAt = this.#seen.get(userId) ?? users.get(userId)?.lastSeenAt;
      return {
        userId,
        status: 'offline',
        ...(lastSeenAt !== undefined && { lastSeenAt: lastSeenAt.toISOString() }),
      };
    });
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
    this.#seen.set(userId, leftAt);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest);
    this.#tell({ userId, status: 'offline', lastSeenAt: leftAt.toISOString() });
    this.#writing ??= this.#writeSeen();
  }

  #tell(presence: PresenceView): void {
    this.#parts.publisher.toWatchers(presence.userId, { event: 'presence', data: presence });
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
