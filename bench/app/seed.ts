import mongoose from 'mongoose';
import { participantsKey, sortPair } from '../../backend/src/utils/participantsKey.js';

/** A direct conversation to be stored: both users write in turn, a minute apart. */
export interface SeededChat {
  users: readonly [string, string];
  messages: number;
  /** Number of messages that the first user has read; default: all. */
  read?: number | undefined;
  /** Time of the newest message, in ms since 1970. */
  endsAt: number;
}

type Stored = Record<string, unknown>;
type ObjectId = mongoose.Types.ObjectId;

/** Number of documents per insert. */
const BATCH = 5_000;
/** Time between two messages of a chat. */
const PAUSE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Text of the message with this `seq` in every seeded chat. Their lengths differ: one to six lines on a phone. */
export const seededText = (seq: number): string => {
  const words = 1 + ((seq * 7_919) % 29);
  return [`message ${seq}`, ...Array.from({ length: words }, (_, index) => `word${(seq + index) % 97}`)].join(
    ' ',
  );
};

/** The first user begins; with an even number of messages, the newest one is from the other. */
const senderOf = (users: SeededChat['users'], seq: number): string => (seq % 2 === 1 ? users[0] : users[1]);

const newId = (atMs: number): ObjectId =>
  new mongoose.Types.ObjectId(mongoose.Types.ObjectId.generate(Math.floor(atMs / 1_000)));

async function insertAll(connection: mongoose.Connection, name: string, documents: Stored[]): Promise<void> {
  for (let at = 0; at < documents.length; at += BATCH) {
    await connection.collection(name).insertMany(documents.slice(at, at + BATCH), { ordered: false });
  }
}

function messagesOf({ users, messages, endsAt }: SeededChat, conversationId: ObjectId): Stored[] {
  return Array.from({ length: messages }, (_, index) => {
    const seq = index + 1;
    const at = endsAt - (messages - seq) * PAUSE_MS;
    return {
      _id: newId(at),
      conversationId,
      seq,
      n: seq,
      control: 0,
      kind: 'text',
      // Without the words of the search: their index takes most of the time.
      content: seededText(seq),
      senderId: senderOf(users, seq),
      clientMessageId: `seeded-${seq}`,
      payloadHash: `hash-${seq}`,
      createdAt: new Date(at),
    };
  });
}

/** The summary as the server writes it. */
function conversationOf(chat: SeededChat, _id: ObjectId, lastMessageId: unknown): Stored {
  const { users, messages, endsAt, read = messages } = chat;
  const participants = sortPair(...users);
  const lastSent = participants.map((user) => newestOf(chat, user));
  const at = new Date(endsAt);
  const last = { seq: messages, id: lastMessageId };
  return {
    ...{ _id, type: 'direct', participants, participantsKey: participantsKey(...users) },
    ...{ createdBy: users[0], memberCount: 2, rev: 0, occasions: [], createdAt: new Date(endsAt - DAY_MS) },
    ...{ lastSeq: messages, messageCount: messages, lastMessageAt: at, changedAt: at },
    ...{ tail: { ...last, control: 0 }, shown: last, lastSent, lastSentN: lastSent },
    maybeUnread: read < messages ? [users[0]] : [],
  };
}

/** `seq` of a user's newest message. */
const newestOf = ({ users, messages }: SeededChat, user: string): number =>
  senderOf(users, messages) === user ? messages : Math.max(0, messages - 1);

const membersOf = ({ users, messages, read = messages, endsAt }: SeededChat, conversationId: ObjectId) =>
  users.map((userId, index) => {
    const seq = index === 0 ? read : messages;
    return {
      _id: newId(endsAt),
      conversationId,
      userId,
      lastReadSeq: seq,
      lastReadN: seq,
      lastDeliveredSeq: messages,
      changedAt: new Date(endsAt),
    };
  });

/**
 * Stores chats without the server, in bulk, as the server stores them. Their users get names.
 *
 * @returns the ids of the conversations
 */
export async function storeChats(
  connection: mongoose.Connection,
  chats: readonly SeededChat[],
): Promise<string[]> {
  const ids = chats.map(({ endsAt }) => newId(endsAt));
  const stored: { conversations: Stored[]; members: Stored[]; messages: Stored[] } = {
    conversations: [],
    members: [],
    messages: [],
  };
  for (const [index, chat] of chats.entries()) {
    const id = ids[index] ?? newId(chat.endsAt);
    const messages = messagesOf(chat, id);
    for (const message of messages) stored.messages.push(message);
    stored.conversations.push(conversationOf(chat, id, messages.at(-1)?.['_id']));
    stored.members.push(...membersOf(chat, id));
  }
  await insertAll(connection, 'messages', stored.messages);
  await insertAll(connection, 'members', stored.members);
  await insertAll(connection, 'conversations', stored.conversations);
  await storeNames(connection, [...new Set(chats.flatMap(({ users }) => users))]);
  return ids.map(String);
}

/** `user-7` is called `User 7`. */
export const seededName = (userId: string): string =>
  userId.replace(/^./, (first) => first.toUpperCase()).replaceAll('-', ' ');

async function storeNames(connection: mongoose.Connection, userIds: readonly string[]): Promise<void> {
  const now = new Date();
  const writes = userIds.map((userId) => ({
    updateOne: {
      filter: { _id: userId },
      update: { $setOnInsert: { name: seededName(userId), profileChangedAt: now, createdAt: now } },
      upsert: true,
    },
  }));
  for (let at = 0; at < writes.length; at += BATCH)
    await connection
      .collection<{ _id: string }>('users')
      .bulkWrite(writes.slice(at, at + BATCH), { ordered: false });
}

/** Chats of one user with many others; every fiftieth has an unread message. The first of them is the newest. */
export const manyChats = (userId: string, count: number): SeededChat[] =>
  Array.from({ length: count }, (_, index) => ({
    users: [userId, `friend-${index + 1}`] as const,
    messages: 2,
    read: index % 50 === 1 ? 1 : 2,
    endsAt: Date.now() - 60_000 - index * 30_000,
  }));
