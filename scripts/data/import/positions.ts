import type { ConversationId, UserId } from '../../../contract/index.js';
import { effectivePosition } from '../../../backend/src/services/positions/positions.js';
import type { Importer } from './importer.js';
import { ReadPositions, type ReadUntil } from './reads.js';
import type { StagedMessage } from './staging.js';
import type { Target } from './target.js';

/** Read positions of the old system, and problems of those that cannot be mapped to a message. */
export interface Reads {
  reads: ReadUntil[];
  lost: string[];
}

export interface Move {
  userId: UserId;
  readSeq: number;
}

/** Collects read positions while the messages of a conversation are processed. */
export interface ReadTracker {
  /** Time of the last message before the import; undefined for an empty conversation. */
  endsAt: Date | undefined;
  reads: Reads;
  /** Called for each message in order of time, which may differ from log order. */
  note(at: Date, seq: number): void;
  /** Returns the positions that have to be moved forward. */
  moves(id: ConversationId): Promise<Move[]>;
}

/** Reads the staged read positions of these chats. */
async function findReads({ staging, people }: Importer, chats: readonly string[]): Promise<Reads> {
  const reads: ReadUntil[] = [];
  const lost: string[] = [];
  for (const chat of chats) {
    for (const row of await staging.of('read', chat)) {
      const userId = await people.find(String(row['person']));
      const message = row['message'] as string | undefined;
      const until =
        message === undefined
          ? (row['readAt'] as Date)
          : ((await staging.get('message', JSON.stringify([chat, message]))) as StagedMessage | null)?.at;
      if (typeof userId === 'object') lost.push(`a read position ${userId.problem}`);
      else if (until === undefined) lost.push(`${userId} has read a message that does not exist`);
      else reads.push({ userId, at: until });
    }
  }
  return { reads, lost };
}

export async function trackReads(
  importer: Importer,
  target: Target,
  readBefore?: Reads,
): Promise<ReadTracker> {
  const { models, mapping } = importer;
  const before = target.conversationId && (await models.conversations.findById(target.conversationId));
  const startSeq = before?.lastSeq ?? 0;
  const endsAt = startSeq > 0 ? before?.lastMessageAt : undefined;
  const chats = target.chats.map(({ chat }) => chat);
  const hasReads = mapping.reads !== undefined;
  const known = readBefore ?? (hasReads ? await findReads(importer, chats) : { reads: [], lost: [] });
  const { reads } = known;
  const inside = new Set(target.people);
  const positions = new ReadPositions(reads.filter(({ userId }) => inside.has(userId)));
  const isEverythingRead = mapping.reads === undefined && mapping.withoutReads === 'read';
  let [last, noted] = [0, 0];
  return {
    endsAt,
    reads: known,
    note: (at, seq) => {
      positions.note(at, seq);
      last = Math.max(last, seq);
      noted += 1;
    },
    moves: async (id) => {
      const record = await models.conversations.findById(id);
      if (record === undefined) return [];
      const stored = new Map(
        (await models.members.findByConversations([id])).map((one) => [one.userId, one]),
      );
      const reached = (userId: UserId): number =>
        Math.max(effectivePosition(record, stored, userId).readSeq, 0);
      // Users who had not read the earlier messages keep their position, unless the import wrote all messages.
      const isAllOurs = record.messageCount === noted;
      const wanted = isEverythingRead
        ? target.people
            .filter((userId) => isAllOurs || reached(userId) >= startSeq)
            .map((userId) => ({ userId, readSeq: last }))
        : [...positions.toSeqs()].map(([userId, readSeq]) => ({ userId, readSeq }));
      return wanted.filter(({ userId, readSeq }) => readSeq > reached(userId));
    },
  };
}

/** Advances positions. Members who have read everything are removed from `maybeUnread`. */
export async function moveReads(
  { models }: Importer,
  id: ConversationId,
  moves: readonly Move[],
): Promise<void> {
  if (moves.length === 0) return;
  const counts = await models.messages.findCounts(id, [...new Set(moves.map(({ readSeq }) => readSeq))]);
  const positions = moves.map(({ userId, readSeq }) => ({
    conversationId: id,
    userId,
    readSeq,
    deliveredSeq: readSeq,
    readN: counts.get(readSeq) ?? 0,
  }));
  await models.members.advance(positions);
  await models.conversations.clearUnread(positions);
}
