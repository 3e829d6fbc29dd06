import { AppError, notParticipant } from '../../utils/appError.js';
import { isSoundDirect } from '../access.js';
import type { Slot } from './batch.js';
import type { CommitLogParts } from './parts.js';
import type { Entry } from './entry.js';
import type { Lane } from './lane.js';

/**
 * Reads what lanes do not know yet: who is in the conversation, and where its log ends. A cold lane takes the end
 * from the conversation's summary, in the same read: it may lag, and then the unique index says so.
 */
export async function loadLanes(
  parts: Pick<CommitLogParts, 'conversations' | 'messages'>,
  lanes: readonly Lane[],
): Promise<void> {
  const cold = lanes.filter((lane) => lane.participants === undefined);
  if (cold.length > 0) {
    const found = await parts.conversations.findByIds(cold.map((lane) => lane.conversationId));
    const byId = new Map(found.map((conversation) => [conversation._id, conversation]));
    for (const lane of cold) {
      const conversation = byId.get(lane.conversationId);
      if (conversation === undefined || !isSoundDirect(conversation)) continue;
      lane.participants = conversation.participants;
      lane.knownSeq = Math.max(lane.knownSeq, conversation.lastSeq);
      lane.tail ??= { seq: conversation.lastSeq, n: conversation.messageCount, control: 0 };
    }
  }
  const tailless = lanes.filter((lane) => lane.participants !== undefined && lane.tail === undefined);
  await Promise.all(
    tailless.map(async (lane) => {
      lane.tail = (await parts.messages.findTail(lane.conversationId, lane.knownSeq)) ?? {
        seq: 0,
        n: 0,
        control: 0,
      };
    }),
  );
}

export interface Refused {
  lane: Lane;
  entry: Entry;
  error: AppError;
}

/** Judges every waiting message anew, at each attempt for a place. */
export function authoriseSlots(slots: readonly Slot[]): { allowed: Slot[]; refused: Refused[] } {
  const refused: Refused[] = [];
  const allowed = slots.map(({ lane, entries }) => {
    let end = lane.tail?.seq ?? 0;
    const kept = entries.filter((entry) => {
      const error = refusalOf(lane, entry, end);
      if (error === undefined) end += 1;
      else refused.push({ lane, entry, error });
      return error === undefined;
    });
    return { lane, entries: kept };
  });
  return { allowed, refused };
}

function refusalOf(lane: Lane, entry: Entry, end: number): AppError | undefined {
  if (lane.participants?.includes(entry.draft.senderId) !== true) return notParticipant();
  const { replyTo } = entry.draft;
  if (replyTo === undefined || replyTo <= end) return undefined;
  return new AppError('VALIDATION', 'replyTo names no message of this conversation.', {
    details: [{ path: 'replyTo', rule: `must be at most ${end}` }],
  });
}
