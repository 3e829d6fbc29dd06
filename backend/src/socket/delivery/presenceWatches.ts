import type { UserId } from '../../../../contract/index.js';
import type { Logger } from '../../utils/logger.js';
import { TickBatcher } from '../../utils/tickBatcher.js';
import { pushTo } from '../pushTo.js';
import { isWatchersRoom, userRoom, watchedUser, watchersRoom } from '../rooms.js';
import type { ChatServer, ChatSocket } from '../types.js';

interface WatchDeps {
  io: ChatServer;
  /** Returns those of these users whose presence the watcher may see now. */
  findAllowed: (watcher: UserId, userIds: readonly UserId[]) => Promise<UserId[]>;
  logger: Logger;
}

/**
 * Ends watches that are no longer allowed (blocked, unmatched, hidden, restricted). The watcher receives one last
 * status, offline, and must watch again when it is allowed again.
 */
export class PresenceWatches {
  readonly #deps: WatchDeps;
  readonly #rechecks = new TickBatcher<UserId>((userIds) => this.#recheckAll(new Set(userIds)));

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** Checks the watches of these users, and those by other users of them, again. */
  recheck(userIds: readonly UserId[]): void {
    void this.#rechecks.add(userIds);
  }

  async #recheckAll(userIds: ReadonlySet<UserId>): Promise<void> {
    const sockets = new Set([...userIds].flatMap((userId) => this.#socketsAround(userId)));
    await Promise.all([...sockets].map((socket) => this.#recheckOne(socket)));
  }

  /** Returns the sockets of a user, and those that watch the user. */
  #socketsAround(userId: UserId): ChatSocket[] {
    const { adapter, sockets } = this.#deps.io.sockets;
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
      pushTo(socket, { event: 'presence', data: { userId, status: 'offline' } });
    }
  }

  /** Returns an empty list when the database does not answer: all watches end then. */
  async #findAllowed(watcher: UserId, watched: readonly UserId[]): Promise<UserId[]> {
    try {
      return await this.#deps.findAllowed(watcher, watched);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'allowed presence watches could not be determined');
      return [];
    }
  }
}
