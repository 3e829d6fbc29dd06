import {
  RESTRICTED_ACTIONS,
  RESTRICTED_CHANGES,
  type ActionType,
  type ChangeKind,
  type UserId,
} from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { notParticipant, type AppError } from '../../utils/appError.js';
import { blocked } from '../membership/index.js';
import type { UserDirectory } from '../users/index.js';

/** Fields stored with an entry that only its author may see. */
export interface Shadow {
  shadow: true;
  /** Identifies the restriction. Changes made under it are shown to their author until it ends. */
  restrictedAt: Date;
}

type RestrictedUsers = Pick<UserDirectory, 'restrictedSince' | 'isFresh' | 'refresh'>;

/**
 * Decides how the writes of a restricted user are stored: messages, membership events, changes, conversations and
 * occasions, by the tables of the contract. Runs when the entry gets its `seq` or `rev`. The result is stored with the
 * entry, so that readers on all processes see the same.
 */
export class Restrictions {
  readonly #users: RestrictedUsers;

  constructor(users: RestrictedUsers) {
    this.#users = users;
  }

  /** Makes sure that the cached restrictions are at most one second old. @throws AppError `UNAVAILABLE`. */
  async ensureFresh(): Promise<void> {
    if (!this.#users.isFresh()) await this.#users.refresh();
  }

  /** Returns the shadow fields for entries of a restricted user. Undefined for other users. */
  shadowOf(userId: UserId): Shadow | undefined {
    const restrictedAt = this.#users.restrictedSince(userId);
    return restrictedAt && { shadow: true, restrictedAt };
  }

  /** Returns the shadow fields of a membership event, the error it is refused with, or undefined for a normal entry. */
  checkAction(
    userId: UserId,
    type: ActionType,
    { isTrusted = false }: { isTrusted?: boolean | undefined } = {},
  ): Shadow | AppError | undefined {
    const shadow = this.shadowOf(userId);
    if (shadow === undefined || isTrusted) return undefined;
    switch (RESTRICTED_ACTIONS[type]) {
      case 'alone':
        return shadow;
      case 'BLOCKED':
        return blocked();
      case 'NOT_PARTICIPANT':
        return notParticipant();
      case 'shown':
        return undefined;
    }
  }

  /**
   * Returns the shadow fields of a change of a message, or undefined for a normal change. Restricted users delete
   * their own messages for everyone. Changes of shadow messages are normal, as only their sender sees them.
   */
  checkChange(
    userId: UserId,
    kind: ChangeKind,
    message: Pick<MessageRecord, 'senderId' | 'shadow'> | undefined,
  ): Shadow | undefined {
    if (message?.shadow === true) return undefined;
    if (kind === 'delete' && message?.senderId === userId) return undefined;
    return RESTRICTED_CHANGES[kind] === 'alone' ? this.shadowOf(userId) : undefined;
  }
}
