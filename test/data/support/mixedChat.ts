import mongoose from 'mongoose';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';

/** A message with its real addressee. */
export interface Line {
  from: string;
  to: string;
  pauseMs?: number;
  /** Index of the line that it replies to. */
  replyTo?: number;
  names?: boolean;
}

const START_MS = Date.UTC(2026, 0, 1);
export const textOf = (index: number): string => `line number ${index}`;

/** Stores a "one-to-one" chat with more than two users, like a faulty system. */
export async function storeMixed(
  connection: mongoose.Connection,
  { participants, lines, fields = {} }: { participants: string[]; lines: readonly Line[]; fields?: object },
): Promise<mongoose.Types.ObjectId> {
  const _id = new mongoose.Types.ObjectId();
  const [a = '', b = ''] = participants;
  let atMs = START_MS;
  const messages = lines.map(({ from, to, pauseMs = 60_000, replyTo, names }, index) => {
    atMs += pauseMs;
    return {
      ...{ conversationId: _id, seq: index + 1, n: index + 1, control: 0, senderId: from, kind: 'text' },
      ...{ clientMessageId: `line-${index}`, payloadHash: `hash-${index}`, content: textOf(index) },
      createdAt: new Date(atMs),
      ...(replyTo !== undefined && { replyTo: replyTo + 1 }),
      ...(names === true && { recipientId: to }),
    };
  });
  await connection.collection('conversations').insertOne({
    ...{ _id, type: 'direct', participants: participants.toSorted(), participantsKey: participantsKey(a, b) },
    ...{ createdBy: a, memberCount: participants.length, messageCount: lines.length, lastSeq: lines.length },
    ...{ rev: 0, occasions: [], createdAt: new Date(START_MS), lastMessageAt: new Date(atMs) },
    ...{ changedAt: new Date(atMs), maybeUnread: participants },
    ...fields,
  });
  if (messages.length > 0) await connection.collection('messages').insertMany(messages);
  return _id;
}

/** Returns all texts that each user can read according to the stored logs and members. */
export async function readableBy(
  connection: mongoose.Connection,
  people: readonly string[],
): Promise<Map<string, string[]>> {
  const conversations = await connection
    .collection('conversations')
    .find({ mergedInto: { $exists: false } })
    .toArray();
  const readable = new Map(people.map((userId) => [userId, [] as string[]]));
  for (const { _id, participants } of conversations) {
    const messages = await connection
      .collection('messages')
      .find({ conversationId: _id })
      .sort({ seq: 1 })
      .toArray();
    for (const userId of participants as string[]) {
      readable
        .get(userId)
        ?.push(...messages.flatMap(({ content }) => (content === '' ? [] : [String(content)])));
    }
  }
  return readable;
}
