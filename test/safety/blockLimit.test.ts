import { expect, test } from 'vitest';
import { LIMITS } from '../../contract/index.js';
import { startServer, type TestServer } from '../support/server.js';
import { block, codeOf } from './support/pair.js';

/** Stores this many blocks of a user. */
async function seedBlocks({ app }: TestServer, blockerId: string, count: number): Promise<void> {
  const at = new Date();
  await app.models.blocks.model.collection.insertMany(
    Array.from({ length: count }, (_, index) => ({ blockerId, blockedId: `b${index}`, at, changedAt: at })),
  );
}

test('a user can block a limited number of others, however many at once, over sockets and HTTP', async () => {
  await using server = await startServer();
  await seedBlocks(server, 'alice', LIMITS.maxBlocks - 3);
  const alice = await server.connectAs('alice');
  const api = server.api('alice');
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      index % 2 === 0
        ? codeOf(alice.call('blockUser', { userId: `new${index}`, blocked: true }))
        : codeOf(api.request('PUT', `/api/blocks/new${index}`).then(({ body }) => body)),
    ),
  );
  expect(answers.filter((code) => code === 'OK')).toHaveLength(3);
  expect(new Set(answers)).toEqual(new Set(['OK', 'LIMIT_EXCEEDED']));
  const { model } = server.app.models.blocks;
  expect(await model.countDocuments({ blockerId: 'alice' })).toBe(LIMITS.maxBlocks);
  // Blocking a blocked user again succeeds at the limit. Unblocking one user frees capacity for another.
  await block(alice, 'b0');
  await block(alice, 'b0', false);
  await block(alice, 'another');
  expect(await codeOf(alice.call('blockUser', { userId: 'one more', blocked: true }))).toBe('LIMIT_EXCEEDED');
  const bob = await server.connectAs('bob');
  await block(bob, 'alice');
});
