import { describe, expect, test } from 'vitest';
import { createScene } from '../contract/support/scene.js';
import { sharedServer } from '../contract/support/sharedServer.js';
import { storedIn } from './support/stored.js';

const server = sharedServer();
const url = 'https://files.example.com/a';

const KINDS = {
  image: {
    attachments: [{ kind: 'image', url, name: 'a.jpg', mimeType: 'image/jpeg', width: 3, height: 2 }],
  },
  voice: { attachments: [{ kind: 'voice', url, durationMs: 3_000 }] },
  file: { attachments: [{ kind: 'file', url, name: 'a.pdf', sizeBytes: 1 }] },
  location: { location: { latitude: 48.2, longitude: 16.37, title: 'Vienna' } },
  card: {
    card: {
      ...{ kind: 'product', id: 'sku-1', title: 'A lamp', pictureUrl: url },
      price: { amount: '19.90', currency: 'EUR' },
    },
  },
} as const;

describe.each(Object.entries(KINDS))('a message of kind %s', (kind, carried) => {
  test('needs no text, stores its attachment, and its text can be edited', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    const sent = await alice.ok('sendMessage', { conversationId, clientMessageId: 'a', ...carried });
    expect(sent).toMatchObject({ kind, content: '', ...carried });
    expect(await bob.next('message:new')).toMatchObject({ kind, content: '', ...carried });
    await alice.ok('editMessage', { conversationId, seq: 1, content: 'look' });
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages).toMatchObject([{ kind, content: 'look', ...carried }]);
    const { change } = await alice.ok('editMessage', { conversationId, seq: 1, content: ' \u200b' });
    expect(change.message).toMatchObject({ kind, content: '', ...carried });
    expect(await bob.next('message:updated', ({ rev }) => rev === 2)).toMatchObject({
      message: { content: '', ...carried },
    });
    const { edits } = await bob.ok('getEdits', { conversationId, seq: 1 });
    expect(edits.map(({ content }) => content)).toEqual(['', 'look', '']);
    await alice.ok('deleteMessage', { conversationId, seq: 1, for: 'everyone' });
    const after = await bob.ok('getMessages', { conversationId });
    expect(after.messages).toMatchObject([{ content: '', attachments: [] }]);
    for (const part of ['location', 'card']) expect(after.messages[0]).not.toHaveProperty(part);
    const repeat = await alice.ok('sendMessage', { conversationId, clientMessageId: 'a', ...carried });
    expect(repeat).toMatchObject({ seq: 1, duplicate: true, attachments: [] });
  });
});

describe('the content of a message', () => {
  test('is within its limits, or refused', async () => {
    const { alice, conversationId } = await createScene(server());
    const [picture] = KINDS.image.attachments;
    const { card } = KINDS.card;
    const refused: Record<string, object> = {
      'nothing at all': {},
      'only spaces': { content: ' \n ' },
      'nothing to be seen': { content: '\u200b\u2800 \u3164' },
      'a name of nothing to be seen': { attachments: [{ ...picture, name: '\u200b' }] },
      'an address with a password': { attachments: [{ ...picture, url: 'https://a:b@files.example.com' }] },
      'eleven attachments': { attachments: Array.from({ length: 11 }, () => picture) },
      'no attachments': { attachments: [], content: 'x' },
      'a script as address': { attachments: [{ ...picture, url: 'javascript:alert(1)' }] },
      'a file of 51 MB': { attachments: [{ ...picture, sizeBytes: 51 * 1024 * 1024 }] },
      'an unknown field': { attachments: [{ ...picture, onload: 'x' }] },
      'a place off the earth': { location: { latitude: 91, longitude: 0 } },
      'a price with words': { card: { ...card, price: { amount: 'free', currency: 'EUR' } } },
      'a card without a title': { card: { kind: 'product' } },
      'two things at once': { ...KINDS.location, ...KINDS.card },
      'a lone surrogate': { content: 'a\ud800' },
      NUL: { content: 'a\u0000' },
    };
    for (const [what, carried] of Object.entries(refused)) {
      const answer = await alice.call('sendMessage', { conversationId, clientMessageId: 'a', ...carried });
      expect(answer, what).toMatchObject({ success: false, code: 'VALIDATION' });
    }
    const { messages } = await alice.ok('getMessages', { conversationId });
    expect(messages).toEqual([]);
  });

  test('has up to 8,000 characters, whatever their size in bytes', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    const texts = ['x'.repeat(8_000), '漢'.repeat(8_000), '😀'.repeat(8_000)];
    for (const [n, content] of texts.entries()) {
      expect(
        await alice.call('sendMessage', { conversationId, content, clientMessageId: `${n}` }),
      ).toMatchObject({
        success: true,
      });
      const longer = { conversationId, content: `${content}x`, clientMessageId: `${n}long` };
      expect(await alice.call('sendMessage', longer)).toMatchObject({ code: 'TOO_LARGE' });
    }
    const { messages } = await bob.ok('getMessages', { conversationId });
    expect(messages.map(({ content }) => content)).toEqual(texts);
  });
});

test('that was stored before a rule existed is shown unchanged', async () => {
  const { alice, bob, conversationId } = await createScene(server());
  for (let n = 1; n <= 3; n += 1) await alice.send(conversationId, `text ${n}`);
  const attachment = {
    ...{ kind: 'voice', url: 'http://user:password@localhost/\ud83d.ogg', name: '\u200b' },
    ...{ mimeType: 'audio/ogg; codecs', durationMs: 600.94 },
  };
  const stored: Record<number, object> = {
    1: { kind: 'voice', attachments: [attachment] },
    2: { kind: 'card', card: { kind: 'product', title: '\u2800', pictureUrl: 'http://10.0.0.1/a.png' } },
    3: { content: '\u200b', reactions: [{ emoji: 'meet-me@555', count: 1 }] },
  };
  for (const [seq, set] of Object.entries(stored)) {
    const message = { senderId: alice.userId, seq: Number(seq) };
    await storedIn(server(), 'messages').updateOne(message, { $set: set });
  }
  const { messages } = await bob.ok('getMessages', { conversationId });
  expect(messages).toMatchObject([
    { attachments: [{ ...attachment, url: expect.stringContaining('localhost') as string }] },
    { card: { pictureUrl: 'http://10.0.0.1/a.png' } },
    { content: '\u200b', reactions: [{ emoji: 'meet-me@555', count: 1, own: false }] },
  ]);
});

test('that is stored and cannot be read is left out of the message, and never breaks a page', async () => {
  const { alice, bob, conversationId } = await createScene(server());
  for (let n = 1; n <= 6; n += 1) await alice.send(conversationId, `text ${n}`);
  const messages = storedIn(server(), 'messages');
  const poison: Record<number, object> = {
    1: { kind: 'hologram' },
    2: { kind: 'card', card: { kind: 'product', price: 'a lot' } },
    3: { attachments: 'none', reactions: [{ emoji: 3 }] },
    4: { content: null, location: { latitude: 'north' } },
    5: { createdAt: 'yesterday', editedAt: 'today', replyTo: 'all' },
  };
  for (const [seq, set] of Object.entries(poison)) {
    await messages.updateOne({ senderId: alice.userId, seq: Number(seq) }, { $set: set });
  }
  const { messages: page } = await bob.ok('getMessages', { conversationId });
  expect(page.map(({ seq, kind, content }) => [seq, kind, content])).toEqual([
    [1, 'text', 'text 1'],
    [2, 'card', 'text 2'],
    [3, 'text', 'text 3'],
    [4, 'text', ''],
    [5, 'text', 'text 5'],
    [6, 'text', 'text 6'],
  ]);
  expect(page[1]).not.toHaveProperty('card');
  expect(page[2]).toMatchObject({ attachments: [], reactions: [] });
  expect(Date.parse(page[4]?.createdAt ?? '')).toBeGreaterThan(0);
  // The message can still be changed like any other.
  for (let seq = 1; seq <= 5; seq += 1) {
    await bob.ok('react', { conversationId, seq, emoji: '👍', on: true });
    await alice.ok('deleteMessage', { conversationId, seq, for: 'everyone' });
  }
});
