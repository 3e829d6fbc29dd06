import type { MessageStatus, MessageView, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { effectivePosition, type Counted, type Positions } from './positions.js';

/** Delivery status of a message, and its counts of recipients. */
export interface Tally {
  status: MessageStatus;
  deliveredCount: number;
  readCount: number;
  /**
   * Number of intended recipients: members at the message's `seq`, excluding the sender. Users who have left since
   * count only if the message was delivered to them before.
   */
  recipientCount: number;
}

/** Current or former member of a conversation, with positions. */
export interface Recipient {
  userId: UserId;
  joinedSeq: number;
  /** `seq` of the entry that ended the membership; undefined for current members. */
  leftSeq: number | undefined;
  readSeq: number;
  deliveredSeq: number;
}

/** Returns all current and former members with their effective positions. */
export function recipientsOf(conversation: Counted, positions: Positions): Recipient[] {
  return [...new Set([...conversation.participants, ...positions.keys()])].map((userId) => {
    const stored = positions.get(userId);
    const { readSeq, deliveredSeq } = effectivePosition(conversation, positions, userId);
    return { userId, joinedSeq: stored?.joinedSeq ?? 0, leftSeq: stored?.leftSeq, readSeq, deliveredSeq };
  });
}

/**
 * True when a user is an intended recipient of a message: a member at its `seq`, and not its sender. A former member
 * counts only for messages that were delivered before leaving.
 */
export const isFor = (
  { seq, senderId }: Pick<MessageRecord, 'seq' | 'senderId'>,
  { userId, joinedSeq, leftSeq, deliveredSeq }: Recipient,
): boolean =>
  userId !== senderId &&
  joinedSeq <= seq &&
  (leftSeq === undefined || (leftSeq > seq && deliveredSeq >= seq));

/**
 * Counts the recipients to whom a message was delivered and those who have read it. The status is the one that all
 * current members among them have reached.
 */
export function tallyOf(
  recipients: readonly Recipient[],
  message: Pick<MessageRecord, 'seq' | 'senderId'>,
): Tally {
  const tally = { deliveredCount: 0, readCount: 0, recipientCount: 0 };
  let [unread, undelivered] = [0, 0];
  for (const recipient of recipients) {
    if (!isFor(message, recipient)) continue;
    tally.recipientCount += 1;
    if (recipient.deliveredSeq >= message.seq) tally.deliveredCount += 1;
    else undelivered += 1;
    if (recipient.readSeq >= message.seq) tally.readCount += 1;
    else if (recipient.leftSeq === undefined) unread += 1;
  }
  if (unread === 0 && tally.readCount > 0) return { status: 'read', ...tally };
  return { status: undelivered === 0 && tally.deliveredCount > 0 ? 'delivered' : 'sent', ...tally };
}

/** Returns the status that all recipients of a message have reached. */
export const messageStatus = (
  conversation: Counted,
  positions: Positions,
  message: Pick<MessageRecord, 'seq' | 'senderId'>,
): MessageStatus => tallyOf(recipientsOf(conversation, positions), message).status;

/** Delivery status of messages whose recipients are not counted. */
export const UNCOUNTED = { status: 'sent' } as const;

/** Returns the delivery status fields of a message view. Groups include counts. */
export function toDeliveryStatus(type: ConversationRecord['type'], tally: Tally): DeliveryStatus {
  const { status, deliveredCount, readCount } = tally;
  return type === 'group' ? { status, deliveredCount, readCount } : { status };
}

export type DeliveryStatus = Pick<MessageView, 'status' | 'deliveredCount' | 'readCount'>;
