import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberRecord, Position } from '../../models/memberModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { Receipt } from '../../models/receiptModel.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Membership } from '../membership/membership.js';
import { effectivePosition, type Reached } from '../present.js';

/** A position as its member reports it. */
export interface Report extends Position {
  type: Membership['type'];
  /** A large group or a channel, as the log had it. */
  isLarge: boolean;
}

/** A report, and where its member stands as far as it is stored. */
export interface Move extends Report {
  record: ConversationRecord;
  known: MemberRecord | undefined;
  /** What is stored, with what follows from the member's own messages. */
  before: Reached;
}

export function toMove(report: Report, record: ConversationRecord, known: MemberRecord | undefined): Move {
  const positions = new Map<UserId, MemberRecord>(known && [[known.userId, known]]);
  return { ...report, record, known, before: effectivePosition(record, positions, report.userId) };
}

/** Whether something of it is not stored yet. */
export function isAhead({ readSeq, deliveredSeq, known }: Move): boolean {
  return (
    readSeq > (known?.lastReadSeq ?? 0) || Math.max(deliveredSeq, readSeq) > (known?.lastDeliveredSeq ?? 0)
  );
}

/** Nobody is named in a large group or channel: then there is nothing to keep but the position. */
export const isNamed = ({ record, isLarge, type }: Move): boolean =>
  type !== 'channel' && !(isLarge && record.apart === true);

/** What a move adds to who read and got what when: the messages between where its member stood and stands. */
export function toReceipts(move: Move, at: Date): Receipt[] {
  if (!isNamed(move)) return [];
  const { conversationId, userId, readSeq, deliveredSeq, before } = move;
  const shared = { conversationId, userId, at };
  const gotSeq = Math.max(before.deliveredSeq, readSeq);
  return [
    ...(readSeq > before.readSeq
      ? [{ ...shared, kind: 'read' as const, fromSeq: before.readSeq + 1, toSeq: readSeq }]
      : []),
    ...(deliveredSeq > gotSeq
      ? [{ ...shared, kind: 'delivered' as const, fromSeq: gotSeq + 1, toSeq: deliveredSeq }]
      : []),
  ];
}

/** A place beyond the end is cut to it; beyond the summary's end only the log itself knows. */
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

/** How many counted messages lie up to each read position: in a log without control entries its own number. */
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
