import type { ConversationId, MessageView, UserId } from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { visibleFrom, type Membership, type MembershipStore } from '../membership/index.js';
import { type AttachmentViews, type MessageViews, toMessageView } from '../views/index.js';
import { UNCOUNTED } from '../positions/index.js';
import type { UserDirectory } from '../users/index.js';

interface OwnMessageDeps {
  memberships: Pick<MembershipStore, 'currentOf' | 'complete'>;
  views: Pick<MessageViews, 'presentOwn' | 'loadContext'>;
  users: Pick<UserDirectory, 'views'>;
  attachmentViews: AttachmentViews;
}

/**
 * Presents a user's own messages to that user, also from conversations that they have left.
 *
 * A former member sees the message as sent: without reactions, counts, pins, or a status beyond `sent`. Their state
 * at the time of leaving is not stored, so none of it is shown. A message that another user has deleted is omitted,
 * as its text is erased. The same applies to a member who joined again, for messages from before their visible range.
 */
export class OwnMessages {
  readonly #deps: OwnMessageDeps;

  constructor(deps: OwnMessageDeps) {
    this.#deps = deps;
  }

  /** Returns views of messages that were all sent by `author`. Some may be omitted. */
  async present(author: UserId, messages: readonly MessageRecord[]): Promise<MessageView[]> {
    const { views, users } = this.#deps;
    const ids = [...new Set(messages.map(({ conversationId }) => conversationId))];
    const context = await views.loadContext(ids, author);
    const [shown, profiles] = await Promise.all([views.presentOwn(messages, context), users.views([author])]);
    const groups = ids.filter((id) => context.conversations.get(id)?.type !== 'direct');
    // The memberships are read last: a user who was removed before a change must not see it as a member.
    const firstSeqs = await this.#visibleFrom(author, groups);
    const sender = profiles.get(author) ?? { _id: author };
    return messages.flatMap((message, index) => {
      const { conversationId, seq, deletedAt, deletedBy } = message;
      const isDirect = context.conversations.get(conversationId)?.type === 'direct';
      if (isDirect || seq >= (firstSeqs.get(conversationId) ?? Infinity)) return shown[index] ?? [];
      return deletedAt !== undefined && deletedBy !== author ? [] : this.#toAuthorView(message, sender);
    });
  }

  /** Returns the first visible `seq` in each of these conversations. Omits those the user is not a member of. */
  async #visibleFrom(
    userId: UserId,
    ids: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, number>> {
    const memberships = await this.#deps.memberships.currentOf(ids);
    const firstSeqs = await Promise.all(
      [...memberships.values()].map(async (membership: Membership) => {
        const facts = (await this.#deps.memberships.complete(membership, [userId])).get(userId);
        const isIn = facts !== undefined && !membership.gone.has(userId);
        return isIn ? ([[membership.conversationId, visibleFrom(membership, facts)]] as const) : [];
      }),
    );
    return new Map(firstSeqs.flat());
  }

  /** Returns a message for its author without reactions, counts, or a status beyond `sent`. */
  #toAuthorView(message: MessageRecord, sender: MessageView['sender']): MessageView {
    const { reactions: _others, ...own } = message;
    const { attachmentViews } = this.#deps;
    return toMessageView(own, { sender, deliveryStatus: UNCOUNTED, attachmentViews });
  }
}
