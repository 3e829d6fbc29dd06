import { describe, expect, test } from 'vitest';
import { LIMITS, userId as toUserId, type MessageView, type UserId } from '../../contract/index.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { fillChat } from '../contract/support/chat.js';
import { codeOf, createGroup, say } from '../safety/support/pair.js';
import type { TestClient } from '../support/client.js';
import { find, findAll, textsOf } from './support/search.js';

const server = sharedServer();

const connect = async <const Names extends readonly string[]>(
  ...names: Names
): Promise<{ [Place in keyof Names]: TestClient }> =>
  (await Promise.all(people(...names).map((userId) => server().connectAs(userId)))) as {
    [Place in keyof Names]: TestClient;
  };

const idOf = ({ userId }: TestClient): UserId => toUserId.parse(userId);

async function createTalk() {
  const [ann, ben] = await connect('ann', 'ben');
  const conversationId = await ann.open(ben.userId);
  for (const text of ['Good morning', 'The bicycle is blue', 'Blue? I like bicycles'])
    await say(ann, conversationId, text);
  await say(ben, conversationId, 'A good blue bicycle, this morning');
  return { ann, ben, conversationId };
}

describe('in one conversation', () => {
  test('messages are found by words and prefixes, all of which must match, newest first', async () => {
    const { ann, conversationId } = await createTalk();
    const inHere = (words: string) => find(ann, { conversationId, words });
    expect(await inHere('blue')).toEqual([
      'A good blue bicycle, this morning',
      'Blue? I like bicycles',
      'The bicycle is blue',
    ]);
    expect(await inHere('bicycles')).toEqual(['Blue? I like bicycles']);
    expect(await inHere('GOOD morn')).toEqual(['A good blue bicycle, this morning', 'Good morning']);
    expect(await inHere('good blue nothing')).toEqual([]);
    expect(await inHere('icycle')).toEqual([]);
  });

  test('messages are found by sender, alone and with words', async () => {
    const { ann, ben, conversationId } = await createTalk();
    const senderId = ben.userId;
    expect(await find(ann, { conversationId, senderId })).toEqual(['A good blue bicycle, this morning']);
    expect(await find(ann, { conversationId, senderId, words: 'bicycle' })).toHaveLength(1);
    expect(await find(ann, { conversationId, senderId, words: 'like' })).toEqual([]);
    expect(await find(ann, { conversationId, senderId: 'nobody at all' })).toEqual([]);
  });

  test('pages end without repeats and gaps, while others write', async () => {
    const [ann, ben] = await connect('ann', 'ben');
    const conversationId = await ann.open(ben.userId);
    await fillChat(server(), { conversationId, senders: [idOf(ann), idOf(ben)] }, 300);
    const seen: MessageView[] = [];
    let cursor: string | undefined;
    do {
      const page = await ann.ok('searchMessages', { conversationId, words: 'text', limit: 7, cursor });
      expect(page.messages.length).toBeLessThanOrEqual(7);
      seen.push(...page.messages);
      cursor = page.nextCursor;
      if (seen.length < 100) await say(ben, conversationId, 'more text meanwhile');
    } while (cursor !== undefined);
    const places = Array.from({ length: 300 }, (_, index) => 300 - index);
    expect(seen.map(({ seq }) => seq)).toEqual(places);
    expect(await find(ann, { conversationId, words: 'text 123' })).toEqual(['text 123']);
    expect(await find(ann, { conversationId, words: '12 text', senderId: ben.userId })).toEqual([
      'text 128',
      'text 126',
      'text 124',
      'text 122',
      'text 120',
      'text 12',
    ]);
  });

  test('messages that were just sent, edited or deleted are found in their current state', async () => {
    const { ann, ben, conversationId } = await createTalk();
    const inHere = (words: string, client = ben) => find(client, { conversationId, words });
    const seq = await say(ann, conversationId, 'a tangerine');
    expect(await inHere('tangerine')).toEqual(['a tangerine']);
    await ann.ok('editMessage', { conversationId, seq, content: 'a pomegranate' });
    expect(await inHere('tangerine')).toEqual([]);
    expect(await inHere('pomegranate')).toEqual(['a pomegranate']);
    await ann.ok('deleteMessage', { conversationId, seq, for: 'everyone' });
    expect(await inHere('pomegranate')).toEqual([]);
    expect(await find(ann, { conversationId, senderId: ann.userId })).toHaveLength(3);
    await ben.ok('deleteMessage', { conversationId, seq: 1, for: 'me' });
    expect(await inHere('good')).toEqual(['A good blue bicycle, this morning']);
    expect(await inHere('good', ann)).toHaveLength(2);
    await ben.ok('clearHistory', { conversationId });
    expect(await inHere('blue')).toEqual([]);
    expect(await inHere('blue', ann)).toHaveLength(3);
  });

  test('an edited message can still be found by its attachments', async () => {
    const { ann, conversationId } = await createTalk();
    const { seq } = await ann.ok('sendMessage', {
      ...{ conversationId, clientMessageId: 'c', content: 'look' },
      card: { kind: 'product', title: 'A saxophone' },
    });
    await ann.ok('editMessage', { conversationId, seq, content: 'look at it' });
    expect((await findAll(ann, { conversationId, words: 'look sax' })).map((one) => one.seq)).toEqual([seq]);
  });

  test('results equal the messages of a page', async () => {
    const { ann, ben, conversationId } = await createTalk();
    await ben.ok('react', { conversationId, seq: 2, emoji: '🚲', on: true });
    await ben.ok('sendMessage', { conversationId, content: 'this wonder', clientMessageId: 'r', replyTo: 2 });
    const { messages } = await ben.ok('getMessages', { conversationId });
    expect(await findAll(ben, { conversationId, words: 'wonder' })).toEqual([messages[4]]);
    expect(await findAll(ben, { conversationId, words: 'the is' })).toEqual([messages[1]]);
    expect(await findAll(ann, { conversationId, words: 'the is' })).not.toEqual([messages[1]]);
  });
});

describe('in groups', () => {
  test('a later member finds messages sent since, if the group shows no more', async () => {
    const [ann, ben, cat] = await connect('ann', 'ben', 'cat');
    const { conversation } = await ann.ok('createGroup', {
      ...{ name: 'Hikers', participants: [ben.userId], history: 'joined' },
    });
    const { _id: conversationId } = conversation;
    await say(ann, conversationId, 'mountain one');
    await ann.ok('addMembers', { conversationId, userIds: [cat.userId] });
    await say(ben, conversationId, 'mountain two');
    expect(await find(cat, { conversationId, words: 'mountain' })).toEqual(['mountain two']);
    expect(await find(cat, { words: 'mountain' })).toEqual(['mountain two']);
    expect(await find(ben, { words: 'mountain' })).toEqual(['mountain two', 'mountain one']);
    await ann.ok('removeMember', { conversationId, userId: cat.userId });
    expect(await codeOf(cat.call('searchMessages', { conversationId, words: 'mountain' }))).toBe(
      'NOT_PARTICIPANT',
    );
    expect(await find(cat, { words: 'mountain' })).toEqual([]);
    expect(await find(cat, { senderId: ben.userId })).toEqual([]);
  });

  test('a page full of messages hidden from the viewer does not end the search', async () => {
    const [ann, ben, cat] = await connect('ann', 'ben', 'cat');
    const conversationId = await createGroup([ann, ben, cat]);
    await say(ann, conversationId, 'needle of ann');
    await fillChat(server(), { conversationId, senders: [idOf(ben)] }, 60);
    await say(ben, conversationId, 'needle of ben');
    await cat.ok('blockUser', { userId: ben.userId, blocked: true });
    expect(await find(cat, { conversationId, words: 'text', limit: 5 })).toEqual([]);
    expect(await find(cat, { conversationId, words: 'needle', limit: 1 })).toEqual(['needle of ann']);
    expect(await find(cat, { words: 'needle', limit: 1 })).toEqual(['needle of ann']);
  });
});

describe('over all conversations', () => {
  test('results are in the order of the list, page by page, without repeats', async () => {
    const [ann, ...others] = await connect('ann', 'b', 'c', 'd', 'e');
    const expected: string[] = [];
    for (const [index, other] of others.entries()) {
      const conversationId = await ann.open(other.userId);
      const texts = Array.from({ length: 2 + index * 9 }, (_, n) => `apple ${other.userId} ${n}`);
      for (const text of texts) await say(other, conversationId, text);
      expected.unshift(...texts.toReversed());
    }
    await ann.ok('updateSettings', { conversationId: await ann.open(others[1].userId), archived: true });
    for (const limit of [1, 3, 50]) {
      expect(await find(ann, { words: 'apple', limit })).toEqual(expected);
    }
    expect(await find(ann, { words: 'apple', senderId: others[0].userId })).toEqual(expected.slice(-2));
    expect(await find(others[0], { words: 'apple' })).toEqual(expected.slice(-2));
  });

  test('large groups and channels are included', async () => {
    const [ann, ben] = await connect('ann', 'ben');
    const { conversation } = await ann.ok('createGroup', {
      ...{ type: 'channel', name: 'News', participants: [ben.userId], history: 'all', open: true },
    });
    await say(ann, conversation._id, 'papaya in the channel');
    await say(ann, await ann.open(ben.userId), 'papaya between us');
    expect(await find(ben, { words: 'papaya' })).toEqual(['papaya between us', 'papaya in the channel']);
    expect(await find(ben, { words: 'papaya', limit: 1 })).toHaveLength(2);
  });
});

describe('outsiders', () => {
  test('find nothing, and learn nothing about the content', async () => {
    const { ann, ben, conversationId } = await createTalk();
    const [eve] = await connect('eve');
    const nowhere = '0123456789abcdef01234567';
    for (const id of [conversationId, nowhere]) {
      for (const wanted of [{ words: 'blue' }, { words: '!' }, { senderId: ann.userId }]) {
        expect(await codeOf(eve.call('searchMessages', { conversationId: id, ...wanted }))).toBe(
          'NOT_PARTICIPANT',
        );
      }
    }
    expect(await find(eve, { words: 'blue' })).toEqual([]);
    expect(await find(eve, { senderId: ben.userId })).toEqual([]);
    const page = await ann.ok('searchMessages', { words: 'blue', limit: 1 });
    // A cursor contains only a position.
    expect(await find(eve, { words: 'blue', cursor: page.nextCursor })).toEqual([]);
  });

  test('over HTTP as well', async () => {
    const { ann, conversationId } = await createTalk();
    const search = (userId: string, query: Record<string, string>) =>
      server()
        .api(userId)
        .get(`/api/search?${new URLSearchParams(query).toString()}`);
    const reply = await search(ann.userId, { conversationId, words: 'blue', limit: '2' });
    const { messages } = (reply.body as { data: { messages: MessageView[] } }).data;
    expect([reply.status, textsOf(messages).length]).toEqual([200, 2]);
    expect((await search('eve', { conversationId, words: 'blue' })).status).toBe(403);
    const nothing = await search(ann.userId, { conversationId });
    expect([nothing.status, nothing.body]).toEqual([
      400,
      expect.objectContaining({ code: 'VALIDATION' }) as unknown,
    ]);
  });
});

describe('input is always treated as words', () => {
  test.each([
    ...['.*', '^', '$', '(?=b)', '[a-z]', '\\w+', '{"$ne":null}', '$where', '*', '%', '\u202e', '\ud7ff'],
    ...["' OR 1=1", '|', 'b|g', '.', '\\', '(', '[', '\u0000'],
  ])('%j neither breaks the search nor finds more than it says', async (words) => {
    const { ann, conversationId } = await createTalk();
    const answer = await ann.call('searchMessages', { conversationId, words });
    if (!answer.success) expect(answer.code).toBe('VALIDATION');
    else expect(answer.data.messages.every(({ content }) => /\b(b|g|or|ne|where)/i.test(content))).toBe(true);
  });

  test('operators for words, sender and cursor, and cursors of other searches, are refused', async () => {
    const { ann, conversationId } = await createTalk();
    const { nextCursor } = await ann.ok('searchMessages', { words: 'blue', limit: 1 });
    const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const wanted of [
      ...[{ words: { $ne: null } }, { words: 'x', senderId: { $gt: '' } }, { words: ['x'] }, {}],
      ...[
        { words: 'blue', cursor: forged([{ $gt: 0 }]) },
        { words: 'blue', cursor: forged([-1]) },
      ],
      ...[
        { words: 'blue', cursor: nextCursor },
        { words: 'blue', cursor: 'x' },
      ],
      { words: Array.from({ length: LIMITS.maxSearchWords + 1 }, (_, n) => `w${n}`).join(' ') },
    ]) {
      expect(await codeOf(ann.call('searchMessages', { conversationId, ...wanted }))).toBe('VALIDATION');
    }
    const far = { conversationId, words: 'blue', cursor: forged([Number.MAX_SAFE_INTEGER]) };
    expect(await find(ann, far)).toHaveLength(3);
  });
});
