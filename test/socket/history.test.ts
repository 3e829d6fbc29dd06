import { beforeAll, describe, expect, test } from 'vitest';
import { LIMITS, type MessagePageAnswer, type UserId } from '../../contract/index.js';
import { fillChat, openChat } from '../contract/support/chat.js';
import { expectRefused } from '../contract/support/refusal.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';

const server = sharedServer();
const TOTAL = 450;
const [alice, bob] = people('alice', 'bob');
let conversationId = '';

beforeAll(async () => {
  conversationId = await openChat(server(), [alice, bob]);
  await fillChat(server(), { conversationId, senders: [alice, bob] }, TOTAL);
});

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
const seqs = (page: MessagePageAnswer): number[] => page.messages.map(({ seq }) => seq);

async function page(input: object, viewer: UserId = bob): Promise<MessagePageAnswer> {
  await using client = await server().connectAs(viewer);
  return await client.ok('getMessages', { conversationId, ...input });
}

describe('a page of history', () => {
  test.each([
    ['the newest 100 by default', {}, range(351, 450), true],
    ['as many as asked for', { limit: 7 }, range(444, 450), true],
    ['200 at most', { limit: 200 }, range(251, 450), true],
    ['before a place', { before: 351 }, range(251, 350), true],
    ['before, up to the beginning', { before: 101 }, range(1, 100), false],
    ['before, fewer than a page', { before: 51 }, range(1, 50), false],
    ['before the first', { before: 1 }, [], false],
    ['before the next one: the newest', { before: 451 }, range(351, 450), true],
    ['after a place', { after: 10, limit: 5 }, range(11, 15), true],
    ['after nothing: from the beginning', { after: 0, limit: 3 }, range(1, 3), true],
    ['after, to the end', { after: 350 }, range(351, 450), false],
    ['after the last', { after: 450 }, [], false],
    ['around a place', { around: 200, limit: 10 }, range(195, 204), true],
    ['around the beginning', { around: 1, limit: 10 }, range(1, 10), false],
    ['around the end', { around: 450, limit: 10 }, range(445, 450), true],
    ['around, alone', { around: 200, limit: 1 }, [200], true],
  ])('is %s', async (_what, input, ...[expected, hasMore]) => {
    const answer = await page(input);
    expect(seqs(answer)).toEqual(expected);
    expect(answer).toMatchObject({ hasMore, lastSeq: TOTAL });
    expect(answer).not.toHaveProperty('reload');
  });

  test('read backwards from the end reaches every message once (promise 3)', async () => {
    const seen: number[] = [];
    let before: number | undefined;
    for (;;) {
      const answer = await page({ limit: 64, ...(before !== undefined && { before }) });
      seen.unshift(...seqs(answer));
      if (!answer.hasMore) break;
      before = answer.messages[0]?.seq;
    }
    expect(seen).toEqual(range(1, TOTAL));
  });

  test('read forwards from the beginning reaches every message once (promise 3)', async () => {
    const seen: number[] = [];
    for (;;) {
      const answer = await page({ limit: 64, after: seen.at(-1) ?? 0 });
      seen.push(...seqs(answer));
      if (!answer.hasMore) break;
    }
    expect(seen).toEqual(range(1, TOTAL));
  });

  test('is the same for both members (promise 3)', async () => {
    expect(await page({ limit: 20 }, alice)).toEqual(await page({ limit: 20 }, bob));
  });

  test('is the same over HTTP', async () => {
    for (const [input, query] of [
      [{}, ''],
      [{ before: 100, limit: 5 }, '?before=100&limit=5'],
      [{ after: 0, limit: 5 }, '?after=0&limit=5'],
      [{ around: 7, limit: 5 }, '?around=7&limit=5'],
    ] as const) {
      const reply = await server().api(bob).get(`/api/conversations/${conversationId}/messages${query}`);
      expect(reply.status).toBe(200);
      expect(reply.body).toEqual({ success: true, data: await page(input) });
    }
  });

  test.each([
    { before: 453 },
    { after: 451 },
    { around: 451 },
    { after: Number.MAX_SAFE_INTEGER },
    { around: 10_000 },
  ])(
    'beyond the tail of the log is answered with “reload”: the client has numbers that this database does not have (%j)',
    async (input) => {
      const answer = await page(input);
      expect(answer).toMatchObject({ reload: true, lastSeq: TOTAL });
    },
  );

  test('of an empty conversation is empty', async () => {
    const [carol, dan] = people('carol', 'dan');
    const client = await server().connectAs(carol);
    const empty = await client.open(dan);
    expect(await client.ok('getMessages', { conversationId: empty })).toEqual({
      messages: [],
      lastSeq: 0,
      hasMore: false,
    });
    expect(await client.ok('getMessages', { conversationId: empty, after: 0 })).toMatchObject({
      hasMore: false,
    });
    expect(await client.ok('getMessages', { conversationId: empty, after: 3 })).toMatchObject({
      reload: true,
    });
  });
});

describe('an invalid request for a page is refused', () => {
  test.each([
    ['with two places', { before: 5, after: 1 }],
    ['with three places', { before: 5, after: 1, around: 2 }],
    ['for more than 200', { limit: LIMITS.messagePageMax + 1 }],
    ['for none', { limit: 0 }],
    ['for half of one', { limit: 0.5 }],
    ['before nothing', { before: 0 }],
    ['after less than nothing', { after: -1 }],
    ['around nothing', { around: 0 }],
    ['with a number as text', { before: '5' }],
    ['with an unknown word', { since: 5 }],
    ['beyond all numbers', { after: 2 ** 53 }],
  ])('%s', async (_what, input) => {
    const client = await server().connectAs(bob);
    const answer = await expectRefused(() => client.call('getMessages', { conversationId, ...input }), {
      code: 'VALIDATION',
      server: server(),
      listeners: [client],
    });
    expect(answer).toMatchObject({ details: expect.any(Array) as unknown[] });
  });
});

describe('the user’s own messages', () => {
  test('are listed newest first over all conversations, page by page, without messages of others', async () => {
    const [writer, one, two] = people('writer', 'one', 'two');
    for (const other of [one, two]) {
      const id = await openChat(server(), [writer, other]);
      await fillChat(server(), { conversationId: id, senders: [writer, other] }, 14);
    }
    const api = server().api(writer);
    const seen: { _id: string; senderId: string; status: string }[] = [];
    let cursor: string | undefined;
    do {
      const query: string = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const reply = await api.get<{ messages: typeof seen; nextCursor?: string }>(
        `/api/users/me/messages?limit=3${query}`,
      );
      if (!reply.body.success) throw new Error(reply.body.code);
      expect(reply.body.data.messages.length).toBeLessThanOrEqual(3);
      seen.push(...reply.body.data.messages);
      cursor = reply.body.data.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(14);
    expect(new Set(seen.map(({ senderId }) => senderId))).toEqual(new Set([writer]));
    const ids = seen.map(({ _id }) => _id);
    expect(ids).toEqual(ids.toSorted().reverse());
  });

  test('accept no other cursor than their own', async () => {
    const api = server().api(alice);
    for (const cursor of ['x', 'WzFd', Buffer.from('[{"$gt":""}]').toString('base64url')]) {
      const reply = await api.get(`/api/users/me/messages?cursor=${cursor}`);
      expect(reply.status).toBe(400);
      expect(reply.body).toMatchObject({ code: 'VALIDATION', details: [{ path: 'cursor' }] });
    }
  });
});
