import type { UserId } from '../../../../contract/index.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { Committed } from '../commitLog/index.js';
import type { ConversationViews } from '../views/index.js';
import { changeOf, isLargeSize, othersIn, toMembershipEvent, type Membership } from '../membership/index.js';
import type { Publisher } from '../ports.js';
import type { Restrictions } from '../visibility/index.js';

interface NotifierDeps {
  conversations: Pick<ConversationModel, 'findById'>;
  views: ConversationViews;
  publisher: Publisher;
  /** Called with users who have left: they and the other members may no longer see each other's presence. */
  onUnmatched: (userIds: readonly UserId[]) => void;
  restrictions: Pick<Restrictions, 'shadowOf'>;
}

/**
 * True when these users who have joined made a group large. It may have been large before, if it has shrunk since, but
 * not small enough to be a small one again.
 */
const hasGrownLarge = ({ type, memberCount }: Membership, joined: readonly UserId[]): boolean =>
  isLargeSize(type, memberCount, false) && !isLargeSize(type, memberCount - joined.length, false);

/**
 * Notifies users of the effects of a membership event: a conversation was added to their list, was removed from it, or
 * must be loaded again. The event itself is pushed when it is stored. If a notification is lost, `sync` has the same.
 */
export class GroupNotifier {
  readonly #deps: NotifierDeps;

  constructor(deps: NotifierDeps) {
    this.#deps = deps;
  }

  async notifyChange({ message, membership, originSocketId }: Committed): Promise<void> {
    const event = toMembershipEvent(message);
    const { publisher } = this.#deps;
    const { conversationId, senderId } = message;
    const head = { conversationId, lastSeq: message.seq, rev: 0 };
    const push = { event: 'conversation:updated' as const, data: { head, stale: true } };
    if (event === undefined) {
      // A shadow event changes the conversation for its author only.
      publisher.toUsers([senderId], push, { exceptSocketId: originSocketId });
      return;
    }
    const { joined, gone } = changeOf(event);
    publisher.toUsers(
      gone,
      {
        event: 'conversation:removed',
        data: {
          conversationId,
          reason: event.action.type === 'left' ? 'left' : 'removed',
          seq: message.seq,
        },
      },
      { exceptSocketId: originSocketId },
    );
    if (gone.length > 0) this.#deps.onUnmatched(gone);
    await this.#notifyJoined(joined, message.conversationId, originSocketId);
    const newcomers = new Set(joined);
    // Members who were there before it grew do not know that it has to be watched now.
    if (membership.isLarge && !hasGrownLarge(membership, joined)) {
      publisher.toOpen(membership, push, { exceptSocketId: originSocketId });
    } else {
      const others = othersIn(membership, senderId).filter((userId) => !newcomers.has(userId));
      publisher.toUsers([...others, senderId], push, { exceptSocketId: originSocketId });
    }
  }

  /**
   * Sends the conversation to members who joined with one event. One view serves all of them, except restricted
   * users, who get one each. All positions in it are 0: they differ between viewers, and concern messages from before
   * the join.
   */
  async #notifyJoined(
    joined: readonly UserId[],
    conversationId: Committed['message']['conversationId'],
    originSocketId: string | undefined,
  ): Promise<void> {
    const { conversations, views, publisher, restrictions } = this.#deps;
    const record = joined.length === 0 ? undefined : await conversations.findById(conversationId);
    if (record === undefined) return;
    const isUnrestricted = (userId: UserId): boolean => restrictions.shadowOf(userId) === undefined;
    const audiences = [
      joined.filter(isUnrestricted),
      ...joined.filter((userId) => !isUnrestricted(userId)).map((one) => [one]),
    ];
    await Promise.all(
      audiences.map(async (userIds) => {
        const viewer = userIds.at(-1);
        const [seen] = viewer === undefined ? [] : await views.present(viewer, [record]);
        if (seen === undefined) return;
        const members = seen.members.map((member) => ({ ...member, lastReadSeq: 0, lastDeliveredSeq: 0 }));
        const conversation = { ...seen, members };
        const push = { event: 'conversation:created' as const, data: { conversation } };
        publisher.toUsers(userIds, push, { exceptSocketId: originSocketId });
      }),
    );
  }
}
