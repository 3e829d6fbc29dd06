import type mongoose from 'mongoose';
import type { ObjectId } from '../objectIds.js';
import { pagesOf } from './pages.js';
import type { Stored } from './pairs.js';

export interface MessageIssue {
  messageId: string;
  conversationId: string;
  issue: 'orphan' | 'foreignSender';
  what: string;
}

interface Collections {
  conversations: mongoose.mongo.Collection;
  messages: mongoose.mongo.Collection;
  members: mongoose.mongo.Collection;
}

const PAGE = 2_000;
const FIELDS = { conversationId: 1, senderId: 1, moved: 1 } as const;

/** Every message has its conversation, and whoever sent it is in it or was. Page by page, in the order of ids. */
export async function* verifyMessages(
  collections: Collections,
): AsyncGenerator<{ messages: number; issues: MessageIssue[] }> {
  for await (const page of pagesOf(collections.messages, { projection: FIELDS, batch: PAGE })) {
    yield { messages: page.length, issues: await issuesOf(collections, page) };
  }
}

async function issuesOf(collections: Collections, page: readonly Stored[]): Promise<MessageIssue[]> {
  const ids = [
    ...new Map(page.map(({ conversationId }) => [String(conversationId), conversationId])).values(),
  ];
  const found = await collections.conversations
    .find(
      { _id: { $in: ids as ObjectId[] } },
      { projection: { type: 1, participants: 1 }, readPreference: 'primary' },
    )
    .toArray();
  const conversations = new Map(found.map((one) => [String(one._id), one]));
  const judged = page.map((message) => {
    const conversation = conversations.get(String(message['conversationId']));
    if (conversation === undefined) return { message, is: 'orphan' as const };
    if (message['moved'] === true) return { message, is: 'fine' as const };
    return {
      message,
      is: isListed(conversation, message['senderId']) ? ('fine' as const) : ('stranger' as const),
    };
  });
  const strangers = judged.filter(({ is }) => is === 'stranger').map(({ message }) => message);
  const wereIn = await findMembers(collections, strangers);
  return judged.flatMap(({ message, is }) => {
    if (is === 'orphan') return [toIssue(message, 'orphan', 'there is no such conversation')];
    const wasIn = wereIn.has(`${String(message['conversationId'])} ${String(message['senderId'])}`);
    if (is === 'fine' || wasIn) return [];
    return [toIssue(message, 'foreignSender', `${String(message['senderId'])} is not, and was not, in it`)];
  });
}

const isListed = ({ participants }: Stored, senderId: unknown): boolean =>
  Array.isArray(participants) && participants.includes(senderId);

const toIssue = (message: Stored, issue: MessageIssue['issue'], what: string): MessageIssue => ({
  messageId: String(message['_id']),
  conversationId: String(message['conversationId']),
  issue,
  what,
});

/** Who has a document in `members`: it stays when they leave. */
async function findMembers(
  { members }: Collections,
  messages: readonly Stored[],
): Promise<ReadonlySet<string>> {
  if (messages.length === 0) return new Set();
  const found = await members
    .find(
      {
        conversationId: { $in: messages.map(({ conversationId }) => conversationId as ObjectId) },
        userId: { $in: messages.map(({ senderId }) => senderId as string) },
      },
      { projection: { conversationId: 1, userId: 1 }, readPreference: 'primary' },
    )
    .toArray();
  return new Set(found.map(({ conversationId, userId }) => `${String(conversationId)} ${String(userId)}`));
}
