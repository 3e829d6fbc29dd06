import type { z } from 'zod';
import type { ConversationListAnswer, unreadAnswer } from '../../contract/index.js';
import type { LoadCommands } from './commands.js';
import { dataOf, forEachLimited, portOf, signToken, type User } from './fleet.js';
import { HttpClient } from './http.js';
import { Reading } from './reading.js';

type UnreadAnswer = z.infer<typeof unreadAnswer>;

/** Page size when the whole list is read. */
const PAGE = 50;

/** Each of the others opens a conversation with the user and sends one message, over HTTP. */
export async function makeConversations(
  input: LoadCommands['makeConversations']['input'],
): Promise<{ wallMs: number }> {
  const { secret } = input.server;
  if (secret === undefined) throw new Error('The relay stores no conversations.');
  const http = new HttpClient(portOf(input.server, 0));
  const startedAt = performance.now();
  await forEachLimited(input.others, input.atOnce, async (other) => {
    const token = signToken(other, secret);
    const opened = await http.post('/api/chats/create-or-get', token, { otherUserId: input.userId });
    const { conversation } = dataOf(opened) as { conversation: { _id: string } };
    const sent = await http.post(`/api/conversations/${conversation._id}/messages`, token, {
      content: `Hello, is it still there? ${other}`,
      clientMessageId: `hello-${other}`,
    });
    dataOf(sent);
  });
  http.close();
  return { wallMs: performance.now() - startedAt };
}

/** Reads the first page, the whole list by its cursors, and the last page repeatedly. */
export async function readList(user: User, input: LoadCommands['readList']['input']) {
  const [first, deep, unread, walked] = [new Reading(), new Reading(), new Reading(), new Reading()];
  const read = async (reading: Reading, cursor?: string): Promise<ConversationListAnswer> => {
    const request = { limit: input.limit, ...(cursor !== undefined && { cursor }) };
    const answer = await reading.time(() => user.client.request('getConversations', request));
    return dataOf(answer) as ConversationListAnswer;
  };

  const seen = new Set<string>();
  let lastCursor: string | undefined;
  let newest = Number.POSITIVE_INFINITY;
  for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages++) {
    const page = await read(walked, cursor);
    for (const conversation of page.conversations) {
      seen.add(conversation._id);
      const at = Date.parse(conversation.lastMessageAt);
      walked.expect(at <= newest, 'the list is not in the order of the newest message');
      newest = at;
    }
    if (page.nextCursor !== undefined && page.conversations.length === input.limit)
      lastCursor = page.nextCursor;
    cursor = page.nextCursor;
    if (pages > input.expected) throw new Error('The list has no end.');
  }
  walked.expect(seen.size === input.expected, `${seen.size} of ${input.expected} conversations listed`);

  const http = new HttpClient(portOf(input.server, 0));
  const token = signToken(user.userId, input.server.secret ?? '');
  for (let round = 0; round < input.rounds; round++) {
    const page = await read(first);
    first.expect(page.conversations.length === input.limit, `first page of ${page.conversations.length}`);
    first.expect(
      page.totalUnread === input.expected,
      `total unread ${page.totalUnread} instead of ${input.expected}`,
    );
    await read(deep, lastCursor);
    const badge = await unread.time(() => http.get('/api/unread', token));
    const { totalUnread } = dataOf(badge) as UnreadAnswer;
    unread.expect(totalUnread === input.expected, `badge says ${totalUnread} instead of ${input.expected}`);
  }
  http.close();
  return { first: first.result(), deep: deep.result(), unread: unread.result(), walked: walked.result() };
}

/** Reads every conversation of a user to its end, except `keep` of them. */
export async function readAllBut(user: User, keep: number): Promise<void> {
  const ends: { conversationId: string; seq: number }[] = [];
  for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages++) {
    const request = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
    const page = dataOf(await user.client.request('getConversations', request)) as ConversationListAnswer;
    for (const { _id, lastSeq } of page.conversations) ends.push({ conversationId: _id, seq: lastSeq });
    cursor = page.nextCursor;
  }
  await forEachLimited(ends.slice(keep), 100, async (end) => {
    dataOf(await user.client.request('message:read', end));
  });
}

/** Reads the total unread count: alone over HTTP, as for a badge, and with the first page of the list. */
export async function readUnread(user: User, input: LoadCommands['readUnread']['input']) {
  const [badge, list] = [new Reading(), new Reading()];
  const http = new HttpClient(portOf(input.server, 0));
  const token = signToken(user.userId, input.server.secret ?? '');
  for (let round = 0; round < input.rounds; round++) {
    const { totalUnread } = dataOf(await badge.time(() => http.get('/api/unread', token))) as UnreadAnswer;
    badge.expect(totalUnread === input.expected, `${totalUnread} instead of ${input.expected}`);
    const page = dataOf(
      await list.time(() => user.client.request('getConversations', { limit: PAGE })),
    ) as ConversationListAnswer;
    list.expect(page.totalUnread === input.expected, `${page.totalUnread} instead of ${input.expected}`);
  }
  http.close();
  return { badge: badge.result(), list: list.result() };
}
