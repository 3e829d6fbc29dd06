import { expect, test } from 'vitest';
import { createScene } from '../contract/support/scene.js';
import { startServer } from '../support/server.js';
import { createDataWorld } from '../support/dataScript.js';
import { find } from '../search/support/search.js';

test('messages from before there was search are found after backfill-words; a second run finds nothing to do', async () => {
  await using server = await startServer({ env: { EDIT_WINDOW_MS: '0' } });
  await using world = await createDataWorld(server.databaseName);
  const { alice, bob, conversationId } = await createScene(server);
  for (const text of ['an apple', 'a banana', '!!!', 'a cherry', 'an apple again'])
    await alice.send(conversationId, text);
  await alice.ok('deleteMessage', { conversationId, seq: 5, for: 'everyone' });
  const { models } = server.app;
  const messages = world.connection.collection('messages');
  await messages.updateMany({}, { $unset: { words: 1 } });
  // Archived before search existed: the content is in the archive.
  await models.messages.model.updateMany({ seq: 4 }, { createdAt: new Date(0) });
  const old = await models.archive.findArchivable(new Date(1), { afterId: undefined, limit: 10 });
  expect(await models.archive.archive(old, new Date())).toBe(1);
  expect(await find(bob, { conversationId, words: 'an' })).toEqual([]);
  expect(await find(bob, { conversationId, senderId: alice.userId })).toHaveLength(4);
  await alice.ok('editMessage', { conversationId, seq: 2, content: 'an apricot' });

  const first = await world.run(['backfill-words', '--yes', '--json']);
  expect([first.code, first.stderr]).toEqual([0, expect.any(String)]);
  expect(await find(bob, { conversationId, words: 'ap' })).toEqual(['an apricot', 'an apple']);
  expect(await find(bob, { words: 'cherry' })).toEqual(['a cherry']);
  expect(await find(bob, { words: 'banana' })).toEqual([]);

  // Stored with the word folding of an older version.
  await alice.send(conversationId, 'مُحَمَّدٌ');
  await messages.updateOne({ seq: 6 }, { $set: { words: ['مُحَمَّدٌ'] } });
  expect(await find(bob, { words: 'محمد' })).toEqual([]);
  const again = await world.run(['backfill-words', '--yes', '--json']);
  expect(JSON.parse(again.stdout)).toMatchObject({ counts: { indexed: 1 } });
  expect(await find(bob, { words: 'محمد' })).toEqual(['مُحَمَّدٌ']);

  const before = await world.dump();
  const second = await world.run(['backfill-words', '--yes', '--json']);
  expect(second.code).toBe(0);
  expect((await world.dump())['messages']).toEqual(before['messages']);
  expect(second.stdout).not.toContain('"indexed"');
});
