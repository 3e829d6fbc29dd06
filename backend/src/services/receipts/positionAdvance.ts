import type { ConversationId, PositionView, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord, Position, SharedPart } from '../../models/memberModel.js';
import type { EntryFacts, MessageModel } from '../../models/messageModel.js';
import type { Receipt } from '../../models/receiptModel.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Membership } from '../membership/index.js';
import { effectivePosition, type EffectivePosition, quietSentBy, shownPosition } from '../positions/index.js';

/** A position as its member reports it. */
export interface Report extends Position {
  /** `read` for reports by `message:read`, also when they are merged with others. */
  status: PositionView['status'];
  /** Set when the report names a message instead of a `seq`. */
  named: EntryFacts | undefined;
  /** Membership of the conversation according to its log. */
  membership: Membership;
  /** First `seq` that the member may see. */
  visibleFromSeq: number;
}

/** A report with the stored position of its member. */
export interface Move extends Report {
  record: ConversationRecord;
  known: MemberRecord | undefined;
  /** Part of the move that others may see. Determined when the move is written. */
  share: SharedPart;
  blockedWith: readonly UserId[];
}

export const toMove = (
  report: Report,
  record: ConversationRecord,
  known: MemberRecord | undefined,
): Move => ({ ...report, record, known, share: 'read', blockedWith: [], isForAll: hasFrozen(known) });

const hasFrozen = (known: MemberRecord | undefined): boolean => (known?.frozenFor ?? []).length > 0;

/** True when a move goes beyond the stored positions. Repeating a report that was hidden from others does not reveal it. */
export function isAhead({ userId, readSeq, deliveredSeq, record, known }: Move): boolean {
  const quietSeq = quietSentBy(record, userId).seq;
  const readBefore = Math.max(known?.lastReadSeq ?? 0, known?.privateReadSeq ?? 0, quietSeq);
  const gotBefore = Math.max(known?.lastDeliveredSeq ?? 0, known?.privateDeliveredSeq ?? 0, quietSeq);
  return readSeq > readBefore || Math.max(deliveredSeq, readSeq) > gotBefore;
}

/** Positions that others may see, before and after the move. */
export function shownMove(move: Move): Record<'before' | 'after', { readSeq: number; deliveredSeq: number }> {
  const { userId, record, known, readSeq, deliveredSeq, share } = move;
  const { lastReadSeq, lastDeliveredSeq } = shownPosition(
    record,
    { userId, stored: known },
    { share: 'read' },
  );
  const before = { readSeq: lastReadSeq, deliveredSeq: lastDeliveredSeq };
  const after = {
    readSeq: Math.max(lastReadSeq, share === 'read' ? readSeq : 0),
    deliveredSeq: Math.max(lastDeliveredSeq, share === 'nothing' ? 0 : Math.max(readSeq, deliveredSeq)),
  };
  return { before, after };
}

/** Status of the move as a member sees it: `read` when the read position that they know moves. */
export function shownStatus(move: Move, viewer: UserId): PositionView['status'] {
  const { known, share } = move;
  const { before, after } = shownMove(move);
  const frozen = known?.frozenFor?.find(({ userId }) => userId === viewer);
  return share === 'read' && after.readSeq > (frozen?.readSeq ?? before.readSeq) ? 'read' : 'delivered';
}

/** Position of the member after the move as they see it themselves. */
export function ownPosition(move: Move): EffectivePosition {
  const { record, known, userId } = move;
  const now = {
    ...known,
    lastReadSeq: Math.max(move.readSeq, known?.lastReadSeq ?? 0),
    lastReadN: Math.max(move.readN, known?.lastReadN ?? 0),
    lastDeliveredSeq: Math.max(move.deliveredSeq, known?.lastDeliveredSeq ?? 0),
  };
  return effectivePosition(record, new Map([[userId, now]]), userId);
}

/** Members who are not notified of the move: blocked pairs, and members who see no moves until the next read. */
export function outsideOf({ blockedWith, known, share, readSeq }: Move): ReadonlySet<UserId> {
  const isRelease = share === 'read' && readSeq > 0;
  const frozen = isRelease ? [] : (known?.frozenFor ?? []).map(({ userId }) => userId as UserId);
  return new Set([...blockedWith, ...frozen]);
}

/** True when receipts name members. In large groups and channels only the position is stored. */
export const isNamed = ({ record, membership: { type, isLarge } }: Move): boolean =>
  type !== 'channel' && !(isLarge && record.apart === true);

/**
 * Returns the read and delivery receipts that a move adds. They cover the messages from the position that others
 * could see before the move to the position that they see after it. Moves that others may not see add none.
 * Members who were excluded and may see this move get its time for the earlier messages too.
 */
export function toReceipts(move: Move, at: Date): Receipt[] {
  const { conversationId, userId, share, blockedWith, known } = move;
  if (!isNamed(move) || share === 'nothing') return [];
  const { before, after } = shownMove(move);
  const released = (known?.frozenFor ?? []).filter((one) => !outsideOf(move).has(one.userId as UserId));
  const knownSeq = Math.min(before.readSeq, ...released.map(({ readSeq }) => readSeq));
  const shared = { conversationId, userId, at, hiddenFrom: blockedWith };
  const gotSeq = Math.max(before.deliveredSeq, after.readSeq);
  return [
    ...(after.readSeq > before.readSeq
      ? [{ ...shared, kind: 'read' as const, fromSeq: knownSeq + 1, toSeq: after.readSeq }]
      : []),
    ...(after.deliveredSeq > gotSeq
      ? [{ ...shared, kind: 'delivered' as const, fromSeq: gotSeq + 1, toSeq: after.deliveredSeq }]
      : []),
  ];
}

/** Cuts positions beyond the end of the log to it. The log is asked only for those beyond the end of the summary. */
export async function cutToTail(
  messages: Pick<MessageModel, 'findTail'>,
  moves: readonly Move[],
): Promise<void> {
  const beyond = moves.filter(({ deliveredSeq, record }) => deliveredSeq > record.lastSeq);
  await Promise.all(
    [...byConversation(beyond)].map(async ([id, together]) => {
      const knownSeq = Math.max(...together.map(({ record }) => record.lastSeq));
      const end = (await messages.findTail(id, knownSeq))?.seq ?? 0;
      for (const move of together) {
        move.readSeq = Math.min(move.readSeq, end);
        move.deliveredSeq = Math.min(move.deliveredSeq, end);
      }
    }),
  );
}

/** Sets the number of counted messages up to each read position. It equals `seq` in a log without membership events. */
export async function countReads(
  messages: Pick<MessageModel, 'findCounts'>,
  moves: readonly Move[],
): Promise<void> {
  const uncounted: Move[] = [];
  for (const move of moves) {
    const { readSeq, record } = move;
    if (readSeq === 0) continue;
    if (readSeq <= record.lastSeq && record.lastSeq === record.messageCount) move.readN = readSeq;
    else if (readSeq === record.lastSeq) move.readN = record.messageCount;
    else uncounted.push(move);
  }
  await Promise.all(
    [...byConversation(uncounted)].map(async ([id, together]) => {
      const counts = await messages.findCounts(id, [...new Set(together.map(({ readSeq }) => readSeq))]);
      for (const move of together) move.readN = counts.get(move.readSeq) ?? 0;
    }),
  );
}

export const byConversation = <One extends { conversationId: ConversationId }>(
  some: readonly One[],
): Map<ConversationId, One[]> => groupBy(some, ({ conversationId }) => conversationId);
