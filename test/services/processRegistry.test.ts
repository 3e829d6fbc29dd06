import { setTimeout as wait } from 'node:timers/promises';
import mongoose from 'mongoose';
import { expect, inject, test, vi } from 'vitest';
import { createModels } from '../../backend/src/models/index.js';
import { DatabaseTime, ProcessRegistry, WriteWatermark } from '../../backend/src/services/runtime/index.js';
import { createDeferred, type Deferred } from '../../backend/src/utils/deferred.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { newDatabaseName } from '../support/server.js';
import { until } from '../support/until.js';

const DEAD = { _id: 'dead', beat: 1, flushedThrough: '000000000000000000000000' };
/** Several heartbeats. */
const A_WHILE_MS = 3_500;

/** Starts processes that register on a database of their own, without the rest of a server. */
async function startProcesses(count: number) {
  const connection = await mongoose
    .createConnection(inject('mongoUri'), { dbName: newDatabaseName(), autoIndex: false })
    .asPromise();
  const { processes, meta } = createModels(connection);
  /** Processes that began to recover the writes of the dead one, in this order. */
  const recovering: ProcessRegistry[] = [];
  const recovered: Deferred<void> = createDeferred();
  const create = (): ProcessRegistry => {
    const time = new DatabaseTime();
    const registry: ProcessRegistry = new ProcessRegistry({
      processes,
      time,
      watermark: new WriteWatermark(time),
      ownWrites: { lastEndMs: () => 0 },
      logger: createLogger({ level: 'silent', pretty: false }),
      oldestPendingId: () => undefined,
      recover: (flushedThrough) => {
        if (flushedThrough !== DEAD.flushedThrough) return Promise.resolve();
        recovering.push(registry);
        return recovered.promise;
      },
    });
    return registry;
  };
  const started: ProcessRegistry[] = [];
  const add = async (): Promise<ProcessRegistry> => {
    const registry = create();
    await registry.start();
    started.push(registry);
    return registry;
  };
  while (started.length < count) await add();
  return {
    started,
    add,
    processes,
    meta,
    recovering,
    /** Ends all recoveries, running and later ones. */
    finish: recovered.resolve,
    async [Symbol.asyncDispose]() {
      for (const registry of started) await registry.stop();
      await connection.dropDatabase();
      await connection.close();
    },
  };
}

test('one of the living processes takes over from a dead one, once, however long it takes; if it ends, another one does', async () => {
  await using at = await startProcesses(3);
  await at.processes.writeHeartbeat({ ...DEAD, visibleThrough: new Date() });
  await until(() => at.recovering.length > 0, { what: 'a process that takes over' });
  await wait(A_WHILE_MS);
  expect(at.recovering).toHaveLength(1);
  await at.recovering[0]?.stop();
  await until(() => at.recovering.length > 1, { what: 'another process that takes over' });
  await wait(A_WHILE_MS);
  expect(new Set(at.recovering).size).toBe(2);
  expect(at.recovering).toHaveLength(2);
  at.finish();
  await until(async () => (await at.processes.findAll()).every(({ _id }) => _id !== DEAD._id), {
    what: 'the end of the takeover',
  });
});

test('a process that is alone asks for no others to make a cursor, until another one registers', async () => {
  await using at = await startProcesses(0);
  await at.meta.incrementPulse();
  const first = await at.add();
  const asked = vi.spyOn(at.processes, 'findAll');
  const look = async (): Promise<void> => {
    const startedMs = performance.now();
    first.noteLook({ marks: (await at.meta.incrementPulse()).marks, startedMs });
  };
  await look();
  await until(() => asked.mock.settledResults.length > 0, { what: 'a look for others' });
  await until(async () => {
    await look();
    asked.mockClear();
    await first.visibleThrough();
    return asked.mock.calls.length === 0;
  });
  expect(first.hasOthers()).toBe(false);

  await at.add();
  await look();
  await first.visibleThrough();
  expect(asked).toHaveBeenCalled();
  await until(() => first.hasOthers(), { what: 'the other process' });
});
