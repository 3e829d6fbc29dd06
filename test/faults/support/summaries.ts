import { expect } from 'vitest';
import type { ConversationListAnswer, ConversationView, SyncAnswer } from '../../../contract/index.js';
import { dataOf, type Api } from '../../support/api.js';
import { until } from '../../support/until.js';
import type { StoredMember, StoredMessage, Truth } from './truth.js';

/** Expected summary of a conversation for one viewer, derived only from stored messages and positions. */
interface Model {
  _id: string;
  lastSeq: number;
  messageCount: number;
  lastMessageId: string | undefined;
  lastContent: string | undefined;
  unreadCount: number;
  lastReadSeq: number;
}

/** True for messages; false for membership events, which have a `seq` but are not counted. */
const isMessage = ({ seq, control }: StoredMessage): boolean => control !== seq;

function modelOf(
  viewer: string,
  conversationId: string,
  { messages, members }: { messages: readonly StoredMessage[]; members: readonly StoredMember[] },
): Model {
  const log = messages.filter((message) => message.conversationId === conversationId);
  const last = log.at(-1);
  const own = members.find((member) => member.conversationId === conversationId && member.userId === viewer);
  const sentSeq = Math.max(0, ...log.filter(({ senderId }) => senderId === viewer).map(({ seq }) => seq));
  const readSeq = Math.max(own?.lastReadSeq ?? 0, sentSeq);
  return {
    _id: conversationId,
    lastSeq: last?.seq ?? 0,
    messageCount: log.length,
    lastMessageId: last?._id,
    lastContent: last?.content,
    unreadCount: log.filter(({ senderId, seq }) => senderId !== viewer && seq > readSeq).length,
    lastReadSeq: readSeq,
  };
}

const toModel = (view: ConversationView): Model => ({
  _id: view._id,
  lastSeq: view.lastSeq,
  messageCount: view.messageCount,
  lastMessageId: view.lastMessage?._id,
  lastContent: view.lastMessage?.content,
  unreadCount: view.unreadCount,
  lastReadSeq: view.lastReadSeq,
});

const byId = (a: Model, b: Model): number => (a._id < b._id ? -1 : 1);

const directModels = (views: readonly ConversationView[]): Model[] =>
  views
    .filter(({ type }) => type === 'direct')
    .map(toModel)
    .sort(byId);

/** Reads a user's whole list, page by page. */
export async function listAll(api: Api): Promise<{ conversations: ConversationView[]; totalUnread: number }> {
  const conversations: ConversationView[] = [];
  let cursor: string | undefined;
  for (;;) {
    const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = dataOf(await api.get<ConversationListAnswer>(`/api/conversations?limit=100${query}`));
    conversations.push(...page.conversations);
    if (page.nextCursor === undefined) return { conversations, totalUnread: page.totalUnread };
    cursor = page.nextCursor;
  }
}

/** Reads everything that `sync` returns since a cursor, or from the start. */
export async function syncAll(
  api: Api,
  from?: string,
): Promise<{ conversations: ConversationView[]; cursor: string }> {
  const conversations = new Map<string, ConversationView>();
  let cursor = from;
  for (;;) {
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const page = dataOf(await api.get<SyncAnswer>(`/api/sync${query}`));
    for (const view of page.conversations) conversations.set(view._id, view);
    ({ cursor } = page);
    if (!page.hasMore) return { conversations: [...conversations.values()], cursor };
  }
}

/**
 * Compares lists, previews, counts, totals and `sync` of direct chats for each of these users with the messages
 * collection. (Groups are covered by the storm test.) Does not retry: everything must be correct at this moment.
 */
export async function expectSummariesRight(
  truth: Truth,
  apiOf: (userId: string) => Api,
  userIds: readonly string[],
): Promise<void> {
  const answers = await Promise.all(
    userIds.map(async (userId) => {
      const api = apiOf(userId);
      const [list, unread, synced] = await Promise.all([
        listAll(api),
        api.get<{ totalUnread: number; unreadConversations: number }>('/api/unread').then(dataOf),
        syncAll(api),
      ]);
      return { userId, list, unread, synced };
    }),
  );
  const [messages, members, conversations] = await Promise.all([
    truth.messages(),
    truth.members(),
    truth.conversations(),
  ]);
  for (const { userId, list, unread, synced } of answers) {
    const models = conversations
      .filter(({ type, participants }) => type === 'direct' && participants.includes(userId))
      .map(({ _id }) => modelOf(userId, _id, { messages, members }))
      .sort(byId);
    const total = models.reduce((sum, { unreadCount }) => sum + unreadCount, 0);
    expect(directModels(list.conversations), `list of ${userId}`).toEqual(models);
    expect(directModels(synced.conversations), `sync of ${userId}`).toEqual(models);
    expect([list.totalUnread, unread.totalUnread], `unread total of ${userId}`).toEqual([total, total]);
  }
}

/** Like `expectSummariesRight`, but polls, because derived state may lag briefly. */
export async function untilSummariesRight(
  truth: Truth,
  apisOf: readonly ((userId: string) => Api)[],
  { userIds }: { userIds: readonly string[] },
): Promise<void> {
  await until(
    async () => {
      await expectStoredSummariesRight(truth);
      for (const apiOf of apisOf) await expectSummariesRight(truth, apiOf, userIds);
      return true;
    },
    { what: 'right summaries', everyMs: 50 },
  );
}

/** Checks the stored summaries, without what processes add from memory. */
export async function expectStoredSummariesRight(truth: Truth): Promise<void> {
  const messages = await truth.messages();
  for (const conversation of await truth.conversations()) {
    const log = messages.filter(({ conversationId }) => conversationId === conversation._id);
    const said = log.filter(isMessage);
    // For groups and channels this is stored in the sender's member document.
    const senders = conversation.type === 'direct' ? conversation.participants : [];
    const lastSent = senders.map((userId) =>
      Math.max(0, ...said.filter(({ senderId }) => senderId === userId).map(({ seq }) => seq)),
    );
    const { lastSeq, messageCount, tail } = conversation;
    expect({
      lastSeq,
      messageCount,
      tail: tail?.id,
      lastSent: conversation.lastSent,
    }).toEqual({
      lastSeq: log.length,
      messageCount: said.length,
      tail: log.at(-1)?._id,
      lastSent,
    });
  }
}
