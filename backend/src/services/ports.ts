import type { PushData, PushName, UserId } from '../../../contract/index.js';

/**
 * What services say outward. An implementation must deliver to live sockets of this user on any process it reaches,
 * never to one whose token has expired or was revoked, and must not wait: live delivery is a hint, the database is
 * the truth.
 */
export interface Publisher {
  /**
   * Sends to every live socket of these users.
   *
   * @param options.exceptSocketId the socket that gets an answer of its own.
   * @param options.ephemeral may be dropped for a receiver that is slow.
   */
  toUsers<Name extends PushName>(
    userIds: readonly UserId[],
    push: { event: Name; data: PushData<Name> },
    options?: { exceptSocketId?: string | undefined; ephemeral?: boolean },
  ): void;

  /** Sends to the sockets that watch this user's presence. */
  toWatchers<Name extends PushName>(userId: UserId, push: { event: Name; data: PushData<Name> }): void;
}
