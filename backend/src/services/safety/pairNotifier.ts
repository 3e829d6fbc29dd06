import type { ConversationId, ConversationView, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { ConversationViews } from '../views/index.js';
import type { Publisher } from '../ports.js';

interface NotifierDeps {
  conversations: Pick<ConversationModel, 'findById'>;
  views: ConversationViews;
  publisher: Publisher;
  /** Called with users who may no longer watch each other's presence. */
  onUnmatched: (userIds: readonly UserId[]) => void;
}

/** Notifies both users of changes of their direct conversation. */
export class PairNotifier {
  readonly #deps: NotifierDeps;

  constructor(deps: NotifierDeps) {
    this.#deps = deps;
  }

  /** Notifies users that the conversation was blocked or unblocked. */
  async notifyChanged(conversationId: ConversationId, userIds: readonly UserId[]): Promise<void> {
    await this.#present(conversationId, userIds, (userId, view) => this.#pushUpdate(userId, view));
  }

  /**
   * Notifies the devices of a user of their block or unblock when the log has no entry of it. An empty conversation with a
   * blocked user is not shown: it is removed. One that was hidden from the blocker anyway is not mentioned.
   */
  async notifyBlocker(conversationId: ConversationId, blockerId: UserId): Promise<void> {
    const { conversations, views, publisher } = this.#deps;
    const record = await conversations.findById(conversationId);
    if (record === undefined) return;
    const [view] = await views.present(blockerId, [record]);
    if (view !== undefined) this.#pushUpdate(blockerId, view);
    else if (record.shadow !== true || record.createdBy === blockerId) {
      const data = { conversationId, reason: 'closed' as const };
      publisher.toUsers([blockerId], { event: 'conversation:removed', data });
    }
  }

  #pushUpdate(userId: UserId, conversation: ConversationView): void {
    const head = { conversationId: conversation._id, lastSeq: conversation.lastSeq, rev: conversation.rev };
    this.#deps.publisher.toUsers([userId], { event: 'conversation:updated', data: { conversation, head } });
  }

  /** Notifies users that the conversation was reopened. */
  async notifyReopened(
    conversationId: ConversationId,
    userIds: readonly UserId[],
    exceptSocketId: string | undefined,
  ): Promise<void> {
    await this.#present(conversationId, userIds, (userId, conversation) => {
      const push = { event: 'conversation:created' as const, data: { conversation } };
      this.#deps.publisher.toUsers([userId], push, { exceptSocketId });
    });
  }

  /** Notifies users that the conversation was closed. @param seq position of the entry that closed it. */
  notifyClosed(conversationId: ConversationId, seq: number, userIds: readonly UserId[]): void {
    const data = { conversationId, reason: 'closed' as const, seq };
    this.#deps.publisher.toUsers(userIds, { event: 'conversation:removed', data });
    this.#deps.onUnmatched(userIds);
  }

  async #present(
    conversationId: ConversationId,
    userIds: readonly UserId[],
    notify: (userId: UserId, view: ConversationView) => void,
  ): Promise<void> {
    const record: ConversationRecord | undefined = await this.#deps.conversations.findById(conversationId);
    if (record === undefined) return;
    await Promise.all(
      userIds.map(async (userId) => {
        // No view exists for an empty conversation between blocked users.
        const [view] = await this.#deps.views.present(userId, [record]);
        if (view !== undefined) notify(userId, view);
      }),
    );
  }
}
