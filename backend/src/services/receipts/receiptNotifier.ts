import type { ConversationId, PositionView, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { Logger } from '../../utils/logger.js';
import { groupBy } from '../../utils/groupBy.js';
import { groupPositions } from '../views/index.js';
import type { Lookups } from '../runtime/index.js';
import type { MembershipStore } from '../membership/index.js';
import type { Publisher } from '../ports.js';
import type { PrivacyPolicy } from '../visibility/index.js';
import { NO_POSITIONS, recipientsOf, tallyOf, toPositionView } from '../positions/index.js';
import { byConversation, outsideOf, shownMove, shownStatus, type Move } from './positionAdvance.js';
import type { MessageLookup } from './positionMessages.js';

export interface NotifierDeps {
  messages: Pick<MessageModel, 'findRange'>;
  lookups: Pick<Lookups, 'largePositions'>;
  memberships: Pick<MembershipStore, 'current'>;
  privacyPolicy: Pick<PrivacyPolicy, 'countable'>;
  publisher: Publisher;
  logger: Logger;
}

/** Entries up to the newest position that are examined for one that can be counted. */
const MAX_STEPS_BACK = 20;

/** Notifies members live of positions of others. Best effort, as all live delivery. */
export class ReceiptNotifier {
  readonly #deps: NotifierDeps;

  constructor(deps: NotifierDeps) {
    this.#deps = deps;
  }

  /**
   * Notifies a member's own devices, and in direct conversations and small groups the other members. When the member or the
   * receiver has switched read receipts off, the receiver gets the delivered position alone.
   */
  notify(move: Move, own: PositionView, lookup: MessageLookup): void {
    const { record, share } = move;
    const { before, after } = shownMove(move);
    const outside = outsideOf(move);
    const others = record.participants.filter((userId) => userId !== own.userId && !outside.has(userId));
    const isDelivery = after.deliveredSeq > before.deliveredSeq;
    if (share === 'read' || (share === 'delivered' && isDelivery)) {
      for (const { userIds, shown, delivery } of this.#viewsOf(move, { own, others, lookup })) {
        this.#deps.publisher.toUsers(
          userIds,
          { event: 'message:status', data: share === 'read' ? shown : delivery },
          {
            from: own.userId,
            ...(isDelivery && { redacted: { event: 'message:status', data: delivery } }),
          },
        );
      }
    }
    this.#deps.publisher.toUsers([own.userId], { event: 'message:status', data: own });
  }

  /** Views of the move for other members, one per group of receivers who may know the same message ids. */
  #viewsOf(
    move: Move,
    { own, others, lookup }: { own: PositionView; others: readonly UserId[]; lookup: MessageLookup },
  ): { userIds: UserId[]; shown: PositionView; delivery: PositionView }[] {
    const { after } = shownMove(move);
    const { unreadCount: _unread, status: _status, messageId: _messageId, ...fields } = { ...own, ...after };
    const views = others.map((userId) => {
      const status = shownStatus(move, userId);
      const deliveredId = lookup(userId, move, after.deliveredSeq);
      const messageId = status === 'read' ? lookup(userId, move, after.readSeq) : deliveredId;
      return { userId, status, messageId, deliveredId };
    });
    const groups = groupBy(views, ({ status, messageId, deliveredId }) =>
      [status, messageId, deliveredId].join(),
    );
    return [...groups.values()].map((group) => ({
      userIds: group.map(({ userId }) => userId),
      shown: toPositionView(fields, { status: 'delivered', ...group[0] }),
      delivery: toPositionView(
        { ...fields, readSeq: 0 },
        { status: 'delivered', messageId: group[0]?.deliveredId },
      ),
    }));
  }

  /** Notifies connections that watch a large group of its read counts, once per write. Does not wait. */
  notifyCounts(moves: readonly Move[]): void {
    const large = moves.filter(
      ({ membership, record }) => membership.type === 'group' && record.apart === true,
    );
    for (const [id, together] of byConversation(large)) {
      const [first] = together;
      if (first === undefined) continue;
      const reachedSeq = Math.max(
        ...together.map(({ readSeq, deliveredSeq }) => Math.max(readSeq, deliveredSeq)),
      );
      void this.#notifyCounts(id, first.record, reachedSeq).catch((error: unknown) =>
        this.#deps.logger.warn({ err: error }, 'read counts were not published'),
      );
    }
  }

  async #notifyCounts(id: ConversationId, record: ConversationRecord, reachedSeq: number): Promise<void> {
    const { messages, lookups, memberships, publisher } = this.#deps;
    const [entries, reach, membership] = await Promise.all([
      messages.findRange(id, Math.max(1, reachedSeq - MAX_STEPS_BACK), reachedSeq),
      lookups.largePositions.load([id]),
      memberships.current(id),
    ]);
    const message = entries.findLast(
      (one) => one.silent !== true && one.shadow !== true && one.kind !== 'system',
    );
    if (message === undefined || membership?.isLarge !== true) return;
    const positions = this.#deps.privacyPolicy.countable(groupPositions(reach).get(id) ?? NO_POSITIONS);
    const recipients = recipientsOf(record, positions);
    const { status: _status, ...counts } = tallyOf(recipients, message);
    const data = { conversationId: id, seq: message.seq, ...counts };
    publisher.toOpen(membership, { event: 'message:counts', data }, { from: message.senderId });
  }
}
