import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { ReactionModel, ReactionRecord } from '../../models/reactionModel.js';
import { groupBy } from '../../utils/groupBy.js';
import { withoutReactions, withShadowChanges, type SeenMessage } from './shadowChanges.js';
import type { ShadowView } from './shadowView.js';

interface PersonalViewDeps {
  reactions: Pick<ReactionModel, 'findPairs' | 'findByUsers'>;
  shadows: Pick<ShadowView, 'changes' | 'isRestricted'>;
}

/** Viewer of the messages of one conversation. */
export interface PersonalViewer {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  /** Groups only: users blocked by the viewer. */
  readonly blocked: ReadonlySet<UserId>;
}

/**
 * Applies what differs between viewers to stored messages. Viewers do not see reactions of users they have blocked.
 * Restricted users see their own shadow changes. For all other viewers only their own reactions are read.
 */
export class PersonalView {
  readonly #deps: PersonalViewDeps;

  constructor(deps: PersonalViewDeps) {
    this.#deps = deps;
  }

  /**
   * Returns messages as this viewer sees them, in the given order, each with the viewer's own reactions.
   *
   * @param known reactions to the messages, at least the viewer's own, if they were read during this command.
   */
  async messages(
    viewer: PersonalViewer,
    messages: readonly MessageRecord[],
    known?: readonly ReactionRecord[],
  ): Promise<SeenMessage[]> {
    const { userId, conversationId } = viewer;
    const isRestricted = this.#deps.shadows.isRestricted(userId);
    const reacted = messages.filter(({ reactions = [] }) => isRestricted || reactions.length > 0);
    const seqs = reacted.map(({ seq }) => seq);
    const [ownReactions, blockedReactions, changes] = await Promise.all([
      known?.filter((one) => one.userId === userId) ??
        this.#deps.reactions.findPairs(conversationId, { seqs, userIds: [userId] }),
      this.#blockedReactions(viewer, messages),
      this.#deps.shadows.changes(userId, messages.length === 0 ? [] : [conversationId]),
    ]);
    const ownReactionsBySeq = new Map(ownReactions.map((one) => [one.seq, one]));
    const changesBySeq = groupBy(changes, ({ seq }) => seq);
    return messages.map((message) => {
      const { seq } = message;
      const shown = withoutReactionsOf(message, blockedReactions.get(seq) ?? []);
      const own = ownReactionsBySeq.get(seq);
      const shadowChanges = changesBySeq.get(seq);
      if (shadowChanges !== undefined) return withShadowChanges(shown, own, shadowChanges);
      return { message: shown, emojis: own?.emojis ?? [] };
    });
  }

  /** Returns one message without the viewer's own reactions. Needs no query for nearly all viewers. */
  async preview(viewer: PersonalViewer, message: MessageRecord): Promise<MessageRecord> {
    const mayHaveBlockedReactions = viewer.blocked.size > 0 && (message.reactions ?? []).length > 0;
    if (!mayHaveBlockedReactions && !this.#deps.shadows.isRestricted(viewer.userId)) return message;
    const [seen] = await this.messages(viewer, [message]);
    return seen?.message ?? message;
  }

  async #blockedReactions(
    { conversationId, blocked }: PersonalViewer,
    messages: readonly MessageRecord[],
  ): Promise<Map<number, ReactionRecord[]>> {
    const seqs = messages.filter(({ reactions = [] }) => reactions.length > 0).map(({ seq }) => seq);
    if (blocked.size === 0 || seqs.length === 0) return new Map();
    const found = await this.#deps.reactions.findByUsers(conversationId, { seqs, userIds: blocked });
    return groupBy(found, ({ seq }) => seq);
  }
}

function withoutReactionsOf(
  message: MessageRecord,
  hiddenReactions: readonly ReactionRecord[],
): MessageRecord {
  if (hiddenReactions.length === 0) return message;
  const emojis = hiddenReactions.flatMap((one) => one.emojis);
  return { ...message, reactions: withoutReactions(message.reactions ?? [], emojis) };
}
