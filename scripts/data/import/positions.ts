import type { ConversationId, UserId } from '../../../contract/index.js';
import { effectivePosition } from '../../../backend/src/services/present.js';
import type { Importer } from './importer.js';
import { ReadPlaces, type ReadUntil } from './reads.js';
import type { StagedMessage } from './staging.js';
import type { Target } from './target.js';

/** How far people have read, and what of that cannot be placed. */
export interface Reads {
  reads: ReadUntil[];
  lost: string[];
}

export interface Move {
  userId: UserId;
  readSeq: number;
}

/** Up to where the people of a conversation have read, as it is found while its messages go by. */
export interface Places {
  /** The newest message that the conversation had before. */
  endsAt: Date | undefined;
  reads: Reads;
  /** By time, whatever its place. */
  note(at: Date, seq: number): void;
  /** Who is to be moved forward. */
  moves(id: ConversationId): Promise<Move[]>;
}

/** What the older system says of how far people have read its chats. */
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
      if (typeof userId === 'object') lost.push(`a position ${userId.problem}`);
      else if (until === undefined) lost.push(`${userId} has read a message that is not there`);
      else reads.push({ userId, at: until });
    }
  }
  return { reads, lost };
}

export async function placesOf(importer: Importer, target: Target, readBefore?: Reads): Promise<Places> {
  const { models, mapping } = importer;
  const before = target.conversationId && (await models.conversations.findById(target.conversationId));
  const startSeq = before?.lastSeq ?? 0;
  const endsAt = startSeq > 0 ? before?.lastMessageAt : undefined;
  const chats = target.chats.map(({ chat }) => chat);
  const hasReads = mapping.reads !== undefined;
  const known = readBefore ?? (hasReads ? await findReads(importer, chats) : { reads: [], lost: [] });
  const { reads } = known;
  const inside = new Set(target.people);
  const places = new ReadPlaces(reads.filter(({ userId }) => inside.has(userId)));
  const isEverythingRead = mapping.reads === undefined && mapping.withoutReads === 'read';
  let [last, noted] = [0, 0];
  return {
    endsAt,
    reads: known,
    note: (at, seq) => {
      places.note(at, seq);
      last = Math.max(last, seq);
      noted += 1;
    },
    moves: async (id) => {
      const record = await models.conversations.findById(id);
      if (record === undefined) return [];
      const stored = new Map((await models.members.findOf([id])).map((one) => [one.userId, one]));
      const reached = (userId: UserId): number =>
        Math.max(effectivePosition(record, stored, userId).readSeq, 0);
      // Nobody but the import has said anything, or who reads had read everything before it.
      const isAllOurs = record.messageCount === noted;
      const wanted = isEverythingRead
        ? target.people
            .filter((userId) => isAllOurs || reached(userId) >= startSeq)
            .map((userId) => ({ userId, readSeq: last }))
        : [...places.places()].map(([userId, readSeq]) => ({ userId, readSeq }));
      return wanted.filter(({ userId, readSeq }) => readSeq > reached(userId));
    },
  };
}

/** Positions only move forward; who has read to the end has nothing that may be unread. */
export async function moveReads(
  { models }: Importer,
  id: ConversationId,
  moves: readonly Move[],
): Promise<void> {
  if (moves.length === 0) return;
  const counts = await models.messages.findCounts(id, [...new Set(moves.map(({ readSeq }) => readSeq))]);
  const positions = moves.map(({ userId, readSeq }) => ({
    ...{ conversationId: id, userId, readSeq, deliveredSeq: readSeq, readN: counts.get(readSeq) ?? 0 },
  }));
  await models.members.advance(positions);
  await models.conversations.clearUnread(positions);
}
