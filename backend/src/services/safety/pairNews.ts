import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { ConversationViews } from '../conversationViews.js';
import type { Publisher } from '../ports.js';

interface NewsParts {
  conversations: Pick<ConversationModel, 'findById'>;
  views: ConversationViews;
  publisher: Publisher;
  /** Whoever watched the other's presence may not do so any more. */
  onApart: (userIds: readonly UserId[]) => void;
}

/** Tells both of a direct conversation what has become of it. */
export class PairNews {
  readonly #parts: NewsParts;

  constructor(parts: NewsParts) {
    this.#parts = parts;
  }

  /** It can be written to again, or no longer. */
  async tellChanged(conversationId: ConversationId, userIds: readonly UserId[]): Promise<void> {
    await this.#present(conversationId, userIds, (userId, conversation) => {
      const head = { conversationId, lastSeq: conversation.lastSeq, rev: conversation.rev };
      const push = { event: 'conversation:updated' as const, data: { conversation, head } };
      this.#parts.publisher.toUsers([userId], push);
    });
  }

  /** It is there again for both. */
  async tellReopened(
    conversationId: ConversationId,
    userIds: readonly UserId[],
    exceptSocketId: string | undefined,
  ): Promise<void> {
    await this.#present(conversationId, userIds, (userId, conversation) => {
      const push = { event: 'conversation:created' as const, data: { conversation } };
      this.#parts.publisher.toUsers([userId], push, { exceptSocketId });
    });
  }

  /** @param seq the entry that closed it. */
  tellClosed(conversationId: ConversationId, seq: number, userIds: readonly UserId[]): void {
    const data = { conversationId, reason: 'closed' as const, seq };
    this.#parts.publisher.toUsers(userIds, { event: 'conversation:removed', data });
    this.#parts.onApart(userIds);
  }

  async #present(
    conversationId: ConversationId,
    userIds: readonly UserId[],
    tell: (userId: UserId, view: Awaited<ReturnType<ConversationViews['presentOne']>>) => void,
  ): Promise<void> {
    const record: ConversationRecord | undefined = await this.#parts.conversations.findById(conversationId);
    if (record === undefined) return;
    await Promise.all(
      userIds.map(async (userId) => {
        // An empty one of a pair who are apart is on nobody's list.
        const [view] = await this.#parts.views.present(userId, [record]);
        if (view !== undefined) tell(userId, view);
      }),
    );
  }
}
