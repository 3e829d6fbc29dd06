import type mongoose from 'mongoose';
import { SYSTEM_USER_ID } from '../../../../contract/index.js';
import type { ObjectId } from '../objectIds.js';
import { showCommand, type Remedy } from './remedy.js';
import { pagesOf } from './pages.js';
import type { Stored } from './pairs.js';

export interface MessageIssue {
  messageId: string;
  conversationId: string;
  issue: 'orphan' | 'foreignSender';
  what: string;
  /** Always the `show` command: a person has to restore the conversation, or find out who wrote to the database. */
  help: Remedy;
}

interface Collections {
  conversations: mongoose.mongo.Collection;
  messages: mongoose.mongo.Collection;
  members: mongoose.mongo.Collection;
}

/** Messages per page. */
const PAGE = 2_000;
const FIELDS = { conversationId: 1, senderId: 1, moved: 1 } as const;

/**
 * Verifies, page by page in the order of ids, that every message has its conversation and that its sender is or was a
 * member.
 */
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
  const verdicts = page.map((message) => {
    const conversation = conversations.get(String(message['conversationId']));
    if (conversation === undefined) return { message, verdict: 'orphan' as const };
    if (message['moved'] === true) return { message, verdict: 'fine' as const };
    return {
      message,
      verdict: isListed(conversation, message['senderId']) ? ('fine' as const) : ('stranger' as const),
    };
  });
  const unlisted = verdicts.filter(({ verdict }) => verdict === 'stranger').map(({ message }) => message);
  const memberPairs = await findMembers(collections, unlisted);
  return verdicts.flatMap(({ message, verdict }) => {
    if (verdict === 'orphan') return [toIssue(message, 'orphan', 'its conversation does not exist')];
    const isOrWasMember = memberPairs.has(
      `${String(message['conversationId'])} ${String(message['senderId'])}`,
    );
    if (verdict === 'fine' || isOrWasMember) return [];
    return [toIssue(message, 'foreignSender', `${String(message['senderId'])} is not and was not a member`)];
  });
}

/** The system writes in every conversation without being a member. */
const isListed = ({ participants }: Stored, senderId: unknown): boolean =>
  senderId === SYSTEM_USER_ID || (Array.isArray(participants) && participants.includes(senderId));

const toIssue = (message: Stored, issue: MessageIssue['issue'], what: string): MessageIssue => ({
  messageId: String(message['_id']),
  conversationId: String(message['conversationId']),
  issue,
  what,
  help: showCommand(message['_id']),
});

/** Returns the senders with a document in `members`, which remains when a member leaves. */
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
