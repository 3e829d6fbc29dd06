import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createEpochFile } from '../../backend/src/database/epochFile.js';
import { EpochWatch } from '../../backend/src/services/runtime/epochWatch.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { createDataWorld } from '../support/dataScript.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const logger = createLogger({ level: 'silent', pretty: false });
const metaOf = (server: TestServer) => server.app.models.meta.model;

describe('the epoch', () => {
  test('is renewed by a command; running servers make their clients reload within a second', async () => {
    await using world = await createDataWorld();
    await using server = await startServer({ databaseName: world.databaseName });
    const ann = await server.connectAs('ann');
    await ann.open('bob');
    const before = await ann.ok('sync', {});
    const renewed = await world.run(['renew-epoch', '--yes']);
    expect(renewed.code, renewed.stderr).toBe(0);
    const after = await until(
      async () => {
        const answer = await ann.ok('sync', { cursor: before.cursor });
        return answer.epoch === before.epoch ? undefined : answer;
      },
      { what: 'another epoch' },
    );
    expect(after).toMatchObject({ reload: true, conversations: [{ participants: ['ann', 'bob'] }] });
    expect(await ann.ok('sync', { cursor: after.cursor })).not.toHaveProperty('reload');
  });

  test('a server that finds the database older than what it has seen renews the epoch, once for all servers, and must restart', async () => {
    await using server = await startServer();
    const { meta } = server.app.models;
    const told: string[] = [];
    const memories = await Promise.all(
      ['one', 'two'].map(async (name) =>
        createEpochFile(await mkdtemp(join(tmpdir(), 'parley-seen-')), name),
      ),
    );
    const watches = memories.map(
      (memory, index) =>
        new EpochWatch({
          meta,
          memory,
          logger,
          onRestored: () => told.push(`${index}`),
          onLook: () => undefined,
        }),
    );
    for (const watch of watches) await watch.start();
    const before = watches[0]?.current;
    expect(watches[1]?.current).toBe(before);
    // Simulates the restore of an older backup.
    await metaOf(server).updateOne({ _id: 'epoch' }, { $set: { pulse: 1 } });
    await Promise.all(watches.map((watch) => watch.look()));
    for (const watch of watches) await watch.look();
    expect(watches[0]?.current).not.toBe(before);
    expect(watches[1]?.current).toBe(watches[0]?.current);
    expect(told.length).toBeGreaterThan(0);
    for (const watch of watches) await watch.stop();

    // Restored while no server ran: the state in the data folder reveals it at the next start.
    const last = watches[0]?.current;
    await metaOf(server).updateOne({ _id: 'epoch' }, { $set: { pulse: 1 } });
    const [memory] = memories;
    if (memory === undefined) throw new Error('nothing is remembered');
    const again = new EpochWatch({
      meta,
      memory,
      logger,
      onRestored: () => told.push('again'),
      onLook: () => undefined,
    });
    await again.start();
    expect(again.current).not.toBe(last);
    expect(told).not.toContain('again');
    await again.stop();
  });
});
