import type { UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord, SharedPart } from '../../models/memberModel.js';

/** Stored positions by member. A member without one has received and read nothing. */
export type Positions = ReadonlyMap<UserId, PositionOf>;
export const NO_POSITIONS: Positions = new Map();

type PositionOf = Pick<MemberRecord, 'lastReadSeq' | 'lastDeliveredSeq'> &
  Partial<MemberRecord> & {
    /** Set when this is the position that another user may see (`shownPosition`). It is used as it is. */
    isShown?: true;
  };

export interface EffectivePosition {
  readSeq: number;
  /** `n` of the last counted message up to `readSeq`: the number of counted messages up to there. */
  readN: number;
  deliveredSeq: number;
  /** `n` of each message after `readSeq` that the member has deleted for themselves. */
  hiddenNs: readonly number[];
}

/** Fields of a conversation that positions and delivery statuses are computed from. */
export type Counted = Pick<
  ConversationRecord,
  | 'type'
  | 'participants'
  | 'lastSent'
  | 'lastSentN'
  | 'lastQuiet'
  | 'sentBy'
  | 'quietBy'
  | 'messageCount'
  | 'lastSeq'
>;

/**
 * Returns a member's effective positions. They include private positions (reached with receipts switched off), the end
 * of a cleared history and the member's own messages, because sending a message implies reading the earlier ones. A
 * position that is marked `isShown` is returned as stored.
 */
export function effectivePosition(
  conversation: Counted,
  positions: Positions,
  userId: UserId,
): EffectivePosition {
  const stored = positions.get(userId);
  const read = { seq: stored?.lastReadSeq ?? 0, n: stored?.lastReadN ?? stored?.lastReadSeq ?? 0 };
  const candidates =
    stored?.isShown === true
      ? [read]
      : [
          read,
          { seq: stored?.privateReadSeq ?? 0, n: stored?.privateReadN ?? 0 },
          sentBy(conversation, userId),
          quietSentBy(conversation, userId),
          { seq: stored?.clearedSeq ?? 0, n: stored?.clearedN ?? 0 },
        ];
  const privateDeliveredSeq = stored?.isShown === true ? 0 : (stored?.privateDeliveredSeq ?? 0);
  const { seq, n } = candidates.reduce((furthest, one) => (one.seq > furthest.seq ? one : furthest));
  return {
    readSeq: seq,
    readN: n,
    deliveredSeq: Math.max(stored?.lastDeliveredSeq ?? 0, privateDeliveredSeq, seq),
    hiddenNs: (stored?.hiddenNs ?? []).filter((hidden) => hidden > n),
  };
}

/** Viewer of a position, and the part of the position that is shared. */
interface Audience {
  /** Undefined for viewers who have not blocked the member and are not blocked by the member. */
  viewer?: UserId;
  share: SharedPart;
}

/**
 * Returns a member's position as another user may see it. Progress made while it was hidden from the viewer stays
 * hidden until the member makes new progress that is visible. In a direct conversation, a message that the member
 * sent with receipts switched on shows that the earlier messages were read.
 */
export function shownPosition(
  conversation: Counted,
  member: { userId: UserId; stored: PositionOf | undefined },
  { viewer, share }: Audience,
): { lastReadSeq: number; lastDeliveredSeq: number } {
  const { userId, stored } = member;
  const frozen = stored?.frozenFor?.find((one) => one.userId === viewer);
  const sentSeq = frozen === undefined ? sentBy(conversation, userId).seq : 0;
  const quietSeq = frozen === undefined ? quietSentBy(conversation, userId).seq : 0;
  const answeredSeq = conversation.type === 'direct' ? sentSeq : 0;
  if (share === 'nothing') return { lastReadSeq: answeredSeq, lastDeliveredSeq: answeredSeq };
  const readSeq = Math.max(frozen?.readSeq ?? stored?.lastReadSeq ?? 0, sentSeq);
  const deliveredSeq = frozen?.deliveredSeq ?? stored?.lastDeliveredSeq ?? 0;
  return {
    lastReadSeq: share === 'read' ? readSeq : answeredSeq,
    lastDeliveredSeq: Math.max(readSeq, deliveredSeq, quietSeq),
  };
}

/** Returns the position of the newest message that a member sent with receipts switched off. */
export const quietSentBy = (
  { type, participants, lastQuiet, quietBy }: Counted,
  userId: UserId,
): { seq: number; n: number } =>
  (type === 'direct' ? lastQuiet?.[participants.indexOf(userId)] : quietBy?.get(userId)) ?? NOTHING_SENT;

const NOTHING_SENT = { seq: 0, n: 0 };

/** Returns the position of the newest message that a member sent with receipts switched on. */
function sentBy(conversation: Counted, userId: UserId): { seq: number; n: number } {
  if (conversation.type !== 'direct') return conversation.sentBy?.get(userId) ?? NOTHING_SENT;
  const index = conversation.participants.indexOf(userId);
  return { seq: conversation.lastSent[index] ?? 0, n: conversation.lastSentN[index] ?? 0 };
}

/**
 * Returns the number of unread messages. All of them are from other users, because a member's effective read position
 * is never before the member's own messages.
 */
export const unreadCount = (
  conversation: Pick<ConversationRecord, 'messageCount'>,
  { readN, hiddenNs }: Pick<EffectivePosition, 'readN' | 'hiddenNs'>,
): number => Math.max(0, conversation.messageCount - readN - hiddenNs.length);
