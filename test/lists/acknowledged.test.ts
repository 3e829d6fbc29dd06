import { describe, expect, test } from 'vitest';
import type { ConversationListAnswer, ListInput, UserId } from '../../contract/index.js';
import { openChat, sendAs } from '../contract/support/chat.js';
import { summariesWritten } from '../contract/support/database.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import type { TestClient } from '../support/client.js';
import { until } from '../support/until.js';
import { newDatabaseName, startServer } from '../support/server.js';
import { holdBack } from './support/held.js';
import { idsOf, say, walkList } from './support/list.js';

const server = sharedServer();

/** Opens a chat with the owner as a new user and sends one message. */
async function writeTo(owner: UserId, on = server(), content = 'hello'): Promise<string> {
  const [other] = people('other');
  const conversationId = await openChat(on, [other, owner]);
  await sendAs(on, { conversationId, sender: other, content });
  return conversationId;
}

/** Reads the list to its end; `between` runs once after the first page. */
async function walkWith(
  client: TestClient,
  input: ListInput,
  between: () => Promise<void>,
): Promise<string[]> {
  let page: ConversationListAnswer = await client.ok('getConversations', input);
  const ids = idsOf(page.conversations);
  await between();
  while (page.nextCursor !== undefined) {
    page = await client.ok('getConversations', { ...input, cursor: page.nextCursor });
    ids.push(...idsOf(page.conversations));
  }
  return ids;
}

describe('a message acknowledged before the first page of a list is read', () => {
  test.each([1, 2, 3, 4, 5])('is found: 20 users at once write to one (round %i)', async () => {
    const [owner] = people('owner');
    const client = await server().connectAs(owner);
    const ids = await Promise.all(Array.from({ length: 20 }, () => writeTo(owner)));
    expect(idsOf(await walkList(client, { limit: 8 })).sort()).toEqual(ids.toSorted());
  });

  test('is found: 45 users write one after the other', async () => {
    const [owner] = people('owner');
    const client = await server().connectAs(owner);
    const ids: string[] = [];
    for (let index = 0; index < 45; index += 1) ids.unshift(await writeTo(owner));
    expect(idsOf(await walkList(client, { limit: 8 }))).toEqual(ids);
  });

  test.each([undefined, 'unread', 'groups'] as const)(
    'is found once and in order, although its summary is stored between two pages (filter %s)',
    async (filter) => {
      const [owner] = people('owner');
      const client = await server().connectAs(owner);
      const ids: string[] = [];
      const add = async (): Promise<void> => {
        if (filter !== 'groups') return void ids.push(await writeTo(owner));
        const [ann] = people('ann');
        const group = await createGroup(await server().connectAs(ann), { participants: [owner] });
        ids.push(group._id);
      };
      for (let index = 0; index < 12; index += 1) await add();
      await summariesWritten(server());
      using held = holdBack(server(), 'summaries');
      // The oldest ones and the newest one move up, and none of that is stored yet.
      for (const index of [2, 0, 5, 1, 11]) {
        await sendAs(server(), { conversationId: ids[index] ?? '', sender: owner });
        const stored = await server().app.models.conversations.findById((ids[index] ?? '') as never);
        const other = stored?.participants.find((userId) => userId !== owner);
        if (other === undefined) throw new Error('nobody else is there');
        await sendAs(server(), { conversationId: ids[index] ?? '', sender: other });
      }
      const order = [11, 1, 5, 0, 2, 10, 9, 8, 7, 6, 4, 3].map((index) => ids[index] ?? '');
      for (const limit of [1, 4, 50]) {
        const input = { limit, ...(filter !== undefined && { filter }) };
        expect(idsOf(await walkList(client, input))).toEqual(order);
      }
      const input = { limit: 3, ...(filter !== undefined && { filter }) };
      const walked = await walkWith(client, input, async () => {
        held.release();
        await summariesWritten(server());
      });
      expect(walked).toEqual(order);
    },
  );

  test('is found by a search over all chats, once, although its summary is stored between two pages', async () => {
    const [owner] = people('owner');
    const client = await server().connectAs(owner);
    const ids: string[] = [];
    for (let index = 0; index < 20; index += 1) ids.push(await writeTo(owner, server(), 'plain'));
    await summariesWritten(server());
    using held = holdBack(server(), 'summaries');
    for (const conversationId of ids.slice(0, 6)) {
      await sendAs(server(), { conversationId, sender: owner, content: 'needle' });
    }
    ids.push(await writeTo(owner, server(), 'needle'));
    const order = [20, 5, 4, 3, 2, 1, 0].map((index) => ids[index]);
    const whole = await client.ok('searchMessages', { words: 'needle', limit: 50 });
    expect(whole.messages.map(({ conversationId }) => conversationId)).toEqual(order);
    const input = { words: 'needle', limit: 2 };
    let page = await client.ok('searchMessages', input);
    const found = page.messages.map(({ conversationId }) => conversationId);
    held.release();
    await summariesWritten(server());
    while (page.nextCursor !== undefined) {
      page = await client.ok('searchMessages', { ...input, cursor: page.nextCursor });
      found.push(...page.messages.map(({ conversationId }) => conversationId));
    }
    expect(found).toEqual(order);
  });

  test('is listed, counted and searched while the membership of a group is not stored yet', async () => {
    const [ann, ben] = people('ann', 'ben');
    const [owner, member] = await connectAll(server(), [ann, ben]);
    using _held = holdBack(server(), 'memberships');
    const { _id: conversationId } = await createGroup(owner, { participants: [ben] });
    await say(owner, conversationId, 'needle');
    for (const client of [owner, member]) {
      expect(idsOf(await walkList(client))).toEqual([conversationId]);
      expect(idsOf(await walkList(client, { filter: 'groups' }))).toEqual([conversationId]);
      const { messages } = await client.ok('searchMessages', { words: 'needle' });
      expect(messages).toHaveLength(1);
    }
    expect(await server().app.services.unread.totals(ben)).toMatchObject({ totalUnread: 1 });
    expect(await server().app.services.unread.totals(ann)).toMatchObject({ totalUnread: 0 });
  });
});

/** Waits until a process has noticed the other one; from then on cursors contain the start time of the list. */
const knowsOfOthers = (client: TestClient): Promise<unknown> =>
  until(async () => {
    const { nextCursor = '' } = await client.ok('getConversations', { limit: 1 });
    return Buffer.from(nextCursor, 'base64url').toString().includes(',[');
  });

test('is found although another process has not written its summary yet', async () => {
  const databaseName = newDatabaseName();
  await using a = await startServer({ databaseName });
  await using b = await startServer({ databaseName });
  const [owner] = people('owner');
  const client = await a.connectAs(owner);
  const ids: string[] = [];
  for (let index = 0; index < 9; index += 1) ids.push(await writeTo(owner, b, 'plain'));
  await summariesWritten(b);
  await knowsOfOthers(client);
  using held = holdBack(b, 'summaries');
  for (const conversationId of ids.slice(0, 3)) {
    await sendAs(b, { conversationId, sender: owner, content: 'needle' });
  }
  const search = { words: 'needle', limit: 1 };
  let page = await client.ok('searchMessages', search);
  const walked = await walkWith(client, { limit: 2 }, async () => {
    held.release();
    await summariesWritten(b);
  });
  expect([...new Set(walked)].sort()).toEqual(ids.toSorted());
  const found = page.messages.map(({ conversationId }) => conversationId as string);
  while (page.nextCursor !== undefined) {
    page = await client.ok('searchMessages', { ...search, cursor: page.nextCursor });
    found.push(...page.messages.map(({ conversationId }) => conversationId));
  }
  expect([...new Set(found)].sort()).toEqual(ids.slice(0, 3).sort());
});
