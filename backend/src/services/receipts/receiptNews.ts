import type { ConversationId, PositionView } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { Logger } from '../../utils/logger.js';
import { groupPositions } from '../conversationViews.js';
import type { Lookups } from '../lookups.js';
import type { MembershipStore } from '../membership/membershipStore.js';
import type { Publisher } from '../ports.js';
import { companionsOf, tallyOf } from '../present.js';
import type { Discretion } from '../safety/discretion.js';
import { byConversation, type Move } from './move.js';

export interface NewsParts {
  messages: Pick<MessageModel, 'findRange'>;
  lookups: Pick<Lookups, 'reach'>;
  memberships: Pick<MembershipStore, 'current'>;
  discretion: Pick<Discretion, 'sharesPositions'>;
  publisher: Publisher;
  logger: Logger;
}

/** Entries behind the newest message, at most, that are looked at for one that can be counted. */
const MAX_STEPS_BACK = 20;

/** Tells members live how far others have come: a hint, as everything live. */
export class ReceiptNews {
  readonly #parts: NewsParts;

  constructor(parts: NewsParts) {
    this.#parts = parts;
  }

  /**
   * Tells a member's own devices, and in direct chats and small groups the others. Who does not let others know what
   * they have read, or does not care, hears of the delivery alone.
   */
  tell({ record, before }: Move, own: PositionView): void {
    const { unreadCount: _private, ...all } = own;
    const others = record.participants.filter((userId) => userId !== own.userId);
    const shares = this.#parts.discretion.sharesPositions(own.userId);
    const delivery = { ...all, readSeq: 0 };
    const isDelivery = own.deliveredSeq > before.deliveredSeq;
    if (shares === 'read' || (shares === 'delivered' && isDelivery)) {
      this.#parts.publisher.toUsers(
        others,
        { event: 'message:status', data: shares === 'read' ? all : delivery },
        { from: own.userId, ...(isDelivery && { veiled: delivery }) },
      );
    }
    this.#parts.publisher.toUsers([own.userId], { event: 'message:status', data: own });
  }

  /** Tells who has a large group open how many have read by now: once per write, however many did. Does not wait. */
  tellCounts(moves: readonly Move[]): void {
    const large = moves.filter(({ type, record }) => type === 'group' && record.apart === true);
    for (const [id, together] of byConversation(large)) {
      const [first] = together;
      if (first === undefined) continue;
      const reachedSeq = Math.max(
        ...together.map(({ readSeq, deliveredSeq }) => Math.max(readSeq, deliveredSeq)),
      );
      void this.#tellCounts(id, first.record, reachedSeq).catch((error: unknown) =>
        this.#parts.logger.warn({ err: error }, 'how many have read was not told'),
      );
    }
  }

  async #tellCounts(id: ConversationId, record: ConversationRecord, reachedSeq: number): Promise<void> {
    const { messages, lookups, memberships, publisher } = this.#parts;
    const [entries, reach, membership] = await Promise.all([
      messages.findRange(id, Math.max(1, reachedSeq - MAX_STEPS_BACK), reachedSeq),
      lookups.reach.load([id]),
      memberships.current(id),
    ]);
    const message = entries.findLast(
      (one) => one.silent !== true && one.shadow !== true && one.kind !== 'system',
    );
    if (message === undefined || membership?.isApart !== true) return;
    const companions = companionsOf(record, groupPositions(reach).get(id) ?? new Map());
    const { status: _status, ...counts } = tallyOf(companions, message);
    const data = { conversationId: id, seq: message.seq, ...counts };
    publisher.toOpen(membership, { event: 'message:counts', data }, { from: message.senderId });
  }
}
