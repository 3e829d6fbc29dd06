import type { UserId } from '../../../contract/index.js';
import type { Logger } from '../utils/logger.js';
import { isToldAsOld } from './delivery.js';
import { isWatchersRoom, userRoom, watchedUser, watchersRoom } from './rooms.js';
import type { ChatServer, ChatSocket } from './types.js';

interface WatchParts {
  io: ChatServer;
  /** Those of these users whose presence somebody may watch now. */
  findAllowed: (watcher: UserId, userIds: readonly UserId[]) => Promise<UserId[]>;
  logger: Logger;
}

/**
 * Who watched somebody's presence and may not do so any more (blocked, unmatched, hidden, restricted) is told once that
 * they are offline, and hears nothing more. Who may again has to watch again.
 */
export class PresenceWatches {
  readonly #parts: WatchParts;
  #changed = new Set<UserId>();

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Something between these users and others is different now. */
  recheck(userIds: readonly UserId[]): void {
    if (this.#changed.size === 0) setImmediate(() => void this.#run());
    for (const userId of userIds) this.#changed.add(userId);
  }

  async #run(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed = new Set();
    const sockets = new Set(changed.flatMap((userId) => this.#concerned(userId)));
    await Promise.all([...sockets].map((socket) => this.#recheckOne(socket)));
  }

  /** The sockets of a user, and those that watch them. */
  #concerned(userId: UserId): ChatSocket[] {
    const { adapter, sockets } = this.#parts.io.sockets;
    return [userRoom(userId), watchersRoom(userId)].flatMap((room) =>
      [...(adapter.rooms.get(room) ?? [])].flatMap((id) => sockets.get(id) ?? []),
    );
  }

  async #recheckOne(socket: ChatSocket): Promise<void> {
    const watched = [...socket.rooms].filter(isWatchersRoom).map(watchedUser);
    if (watched.length === 0) return;
    const allowed = new Set(await this.#findAllowed(socket.data.principal.userId, watched));
    for (const userId of watched) {
      if (allowed.has(userId) || !socket.rooms.has(watchersRoom(userId))) continue;
      void socket.leave(watchersRoom(userId));
      const data = { userId, status: 'offline' as const };
      if (isToldAsOld(socket, { event: 'presence', data })) continue;
      socket.emit('presence', { success: true, data });
    }
  }

  /** While that cannot be found out, nobody is watched. */
  async #findAllowed(watcher: UserId, watched: readonly UserId[]): Promise<UserId[]> {
    try {
      return await this.#parts.findAllowed(watcher, watched);
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'who may be watched could not be found out');
      return [];
    }
  }
}
