import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newAttachmentId } from '../../backend/src/models/attachmentModel.js';
import type { UserId } from '../../contract/index.js';
import { sharedServer, people } from '../contract/support/sharedServer.js';
import type { TestClient } from '../support/client.js';
import { until } from '../support/until.js';
import { collectionsWith, storedIn } from './support/stored.js';

const server = sharedServer({ env: { EDIT_WINDOW_MS: '0', DELETE_WINDOW_MS: '0' } });

/** Each part of a message contains a unique word, so that a failure shows which part is left. */
const WORDS = [
  ...['firsttext', 'secondtext', 'filename', 'fileaddress', 'uploadedname'],
  ...['cardtitle', 'cardid', 'placename'],
];
const SIGNS = ['🦩', '🦔'];
const HASHES = ['firsttext', 'quotedtext'].map((text) =>
  hash('sha256', `${text}\u0000`, 'base64url').slice(0, 22),
);

/** Stores the row of a file that can be sent. */
async function addFile(uploaderId: UserId): Promise<string> {
  const _id = newAttachmentId();
  const announced = { name: 'uploadedname', mimeType: 'text/plain', sizeBytes: 1 };
  await server().app.models.attachments.insert({
    ...{ _id, uploaderId, kind: 'file', status: 'ready', createdAt: new Date(), announced, facts: announced },
  });
  return _id;
}

/** Creates two users, a message of each kind, and all possible changes of them. */
async function createTraces() {
  const names = people('ann', 'bob');
  const [ann, bob] = await Promise.all(names.map((name) => server().connectAs(name)));
  if (!ann || !bob) throw new Error('somebody is missing');
  const conversationId = await ann.open(bob.userId);
  await ann.send(conversationId, 'firsttext');
  await ann.ok('editMessage', { conversationId, seq: 1, content: 'secondtext' });
  const carried = [
    {
      attachments: [
        { kind: 'file', url: 'https://files.example.com/fileaddress', name: 'filename' },
        { attachmentId: await addFile(ann.userId as UserId) },
      ],
    },
    { card: { kind: 'product', id: 'cardid', title: 'cardtitle' } },
    { location: { latitude: 1, longitude: 2, title: 'placename' } },
  ];
  for (const [index, more] of carried.entries()) {
    await ann.ok('sendMessage', { conversationId, content: '', clientMessageId: `m${index}`, ...more });
  }
  for (const seq of [1, 2, 3, 4]) {
    for (const emoji of SIGNS) await bob.ok('react', { conversationId, seq, emoji, on: true });
    await bob.ok('react', { conversationId, seq, emoji: '🦔', on: false });
    await bob.ok('pinMessage', { conversationId, seq, pinned: true });
  }
  await bob.ok('sendMessage', { conversationId, content: 'ah', clientMessageId: 'b', replyTo: 1 });
  await bob.ok('deleteMessage', { conversationId, seq: 2, for: 'me' });
  await bob.ok('report', { conversationId, seq: 1, reason: 'spam', comment: 'please look' });
  await bob.ok('message:read', { conversationId, seq: 5 });
  // Both users read the messages, so that they are cached.
  for (const client of [ann, bob]) await client.ok('getMessages', { conversationId });
  return { ann, bob, conversationId };
}

/** Returns all answers that a user can get about a conversation. */
async function answersTo(client: TestClient, conversationId: string): Promise<unknown[]> {
  const seqs = [1, 2, 3, 4, 5];
  const api = server().api(client.userId);
  return Promise.all([
    client.ok('getMessages', { conversationId }),
    client.ok('getMessages', { conversationId, around: 3, limit: 2 }),
    client.ok('getConversations', {}),
    client.ok('getConversation', { conversationId }),
    client.ok('sync', {}),
    client.ok('getChanges', { conversationId, afterRev: 0, limit: 200 }),
    api.get('/api/users/me/messages'),
    ...seqs.flatMap((seq) =>
      (['getEdits', 'getReactions', 'getReceipts'] as const).map((name) =>
        client.call(name, { conversationId, seq }),
      ),
    ),
    ...WORDS.map(async (words) => (await client.ok('searchMessages', { words })).messages),
    client.ok('searchMessages', { senderId: client.userId, conversationId }),
  ]);
}

async function leftInDatabase(): Promise<string[]> {
  const left = await Promise.all(
    [...WORDS, ...SIGNS, ...HASHES].map(async (word) =>
      (await collectionsWith(server(), word)).map((name) => `${word} in ${name}`),
    ),
  );
  return left.flat();
}

const leftIn = (answers: unknown): string[] => {
  const text = JSON.stringify(answers);
  return [...WORDS, ...SIGNS].filter((word) => text.includes(word));
};

describe('a message that is deleted for everyone', () => {
  test.each(['new', 'archived'])(
    'and is %s leaves none of its content in any collection or answer',
    async (age) => {
      const { ann, bob, conversationId } = await createTraces();
      if (age === 'archived') {
        const createdAt = new Date(Date.now() - 100 * 86_400_000);
        await server().app.models.messages.model.updateMany({ conversationId }, { createdAt });
        const { archive } = server().app.models;
        const old = await archive.findArchivable(new Date(Date.now() - 86_400_000 * 30), {
          ...{ afterId: undefined, limit: 100 },
        });
        expect(await archive.archive(old, new Date())).toBe(5);
      }
      expect((await leftInDatabase()).length, 'there was something to find').toBeGreaterThan(10);
      const before = leftIn(await answersTo(bob, conversationId));
      expect(before).toEqual(expect.arrayContaining(['firsttext', 'secondtext', 'cardtitle', '🦩']));

      for (const seq of [1, 2, 3, 4]) {
        await ann.ok('deleteMessage', { conversationId, seq, for: 'everyone' });
      }

      expect(await leftInDatabase()).toEqual([]);
      for (const client of [ann, bob]) expect(leftIn(await answersTo(client, conversationId))).toEqual([]);
      const mod = `mod-${ann.userId}`;
      const moderator = await server().connectAs(mod, {
        token: server().token(mod, { roles: ['moderator'] }),
      });
      expect(leftIn(await moderator.ok('getReports', {}))).toEqual([]);
      // Its position and its changes remain, without content.
      const { changes } = await bob.ok('getChanges', { conversationId, afterRev: 0, limit: 200 });
      expect(changes.map(({ rev }) => rev)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
    },
  );

  test('is returned to a retry of its sender, although no content is left to compare the retry with', async () => {
    const [ann] = await Promise.all(people('ann').map((name) => server().connectAs(name)));
    if (!ann) throw new Error('nobody is here');
    const conversationId = await ann.open('somebody');
    const sent = { conversationId, content: 'firsttext', clientMessageId: 'once' };
    await ann.ok('sendMessage', sent);
    await ann.ok('deleteMessage', { conversationId, seq: 1, for: 'everyone' });
    const [again, twin] = await Promise.all([ann.ok('sendMessage', sent), ann.ok('sendMessage', sent)]);
    expect([again, twin]).toMatchObject([
      { seq: 1, duplicate: true, content: '' },
      { seq: 1, duplicate: true, content: '' },
    ]);
  });

  test('removes a reaction that another process had stored and applies only afterwards', async () => {
    const { ann, bob, conversationId } = await createTraces();
    const { reactions } = server().app.models;
    await ann.ok('deleteMessage', { conversationId, seq: 4, for: 'everyone' });
    // Stored like a change of a process that was paused before it applied the change.
    const late = { seq: 4, userId: bob.userId as never, rev: 12, emojis: ['🦔'] };
    const { applyLedger } = await import('../../backend/src/services/changes/applyLedger.js');
    const { models } = server().app;
    const ledger = {
      ...{ conversationId: conversationId as never, rev: 12, pinned: [], deleted: [], deletedFiles: [] },
      reactionChanges: () => [late],
      messageChanges: () => [
        {
          ...{ seq: 4, mayBeArchived: false },
          reactions: { rev: 12, counts: [{ emoji: '🦔', count: 1 }] },
        },
      ],
    };
    const windows = { remove: () => Promise.resolve() };
    const markDeleting = () => Promise.resolve();
    await applyLedger({ ...models, windows, onErased: () => undefined, markDeleting }, ledger as never);
    expect(await reactions.findByMessages(conversationId as never, [4])).toEqual([]);
    await until(async () => (await storedIn(server(), 'reactions').countDocuments({ seq: 4 })) === 0);
    for (const seq of [1, 2, 3]) {
      await ann.ok('deleteMessage', { conversationId, seq, for: 'everyone' });
    }
  });
});
