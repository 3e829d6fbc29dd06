import type { PresenceView, UserId } from '../../../../contract/index.js';
import type { Logger } from '../../utils/logger.js';
import { TickBatcher } from '../../utils/tickBatcher.js';
import { pushTo } from '../pushTo.js';
import {
  endedWatchRoom,
  endedWatchUser,
  isWatchersRoom,
  userRoom,
  watchedUser,
  watchersRoom,
} from '../rooms.js';
import type { ChatServer, ChatSocket } from '../types.js';

interface WatchDeps {
  io: ChatServer;
  /** Returns those of these users whose presence the watcher may see now. */
  findAllowed: (watcher: UserId, userIds: readonly UserId[]) => Promise<UserId[]>;
  read: (userIds: readonly UserId[], exceptSocketId: string) => Promise<PresenceView[]>;
  logger: Logger;
}

/**
 * Ends watches that are no longer allowed (blocked, unmatched, hidden, restricted): the watcher receives one last status,
 * offline. Resumes them, with the current status, when they are allowed again.
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

  /** Returns the sockets of a user, and those that watch the user or have done so. */
  #socketsAround(userId: UserId): ChatSocket[] {
    const { adapter, sockets } = this.#deps.io.sockets;
    return [userRoom(userId), watchersRoom(userId), endedWatchRoom(userId)].flatMap((room) =>
      [...(adapter.rooms.get(room) ?? [])].flatMap((id) => sockets.get(id) ?? []),
    );
  }

  async #recheckOne(socket: ChatSocket): Promise<void> {
    const rooms = [...socket.rooms];
    const watched = rooms.filter(isWatchersRoom).map(watchedUser);
    const ended = rooms.flatMap((room) => endedWatchUser(room) ?? []);
    if (watched.length + ended.length === 0) return;
    const allowed = new Set(await this.#findAllowed(socket.data.principal.userId, [...watched, ...ended]));
    this.#end(
      socket,
      watched.filter((userId) => !allowed.has(userId)),
    );
    await this.#resume(
      socket,
      ended.filter((userId) => allowed.has(userId)),
    );
  }

  #end(socket: ChatSocket, userIds: readonly UserId[]): void {
    for (const userId of userIds) {
      if (!socket.rooms.has(watchersRoom(userId))) continue;
      void socket.leave(watchersRoom(userId));
      void socket.join(endedWatchRoom(userId));
      pushTo(socket, { event: 'presence', data: { userId, status: 'offline' } });
    }
  }

  /** Joins the rooms before reading, so that no change is missed. */
  async #resume(socket: ChatSocket, userIds: readonly UserId[]): Promise<void> {
    // The socket may have asked for other users meanwhile, or may have expired: then it is not in the room.
    const resumed = userIds.filter((userId) => socket.rooms.has(endedWatchRoom(userId)));
    if (resumed.length === 0) return;
    for (const userId of resumed) void socket.leave(endedWatchRoom(userId));
    void socket.join(resumed.map(watchersRoom));
    try {
      for (const data of await this.#deps.read(resumed, socket.id))
        if (socket.rooms.has(watchersRoom(data.userId))) pushTo(socket, { event: 'presence', data });
    } catch (error) {
      this.#deps.logger.warn(
        { err: error },
        'the presence of users could not be read; the next change is shown',
      );
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
