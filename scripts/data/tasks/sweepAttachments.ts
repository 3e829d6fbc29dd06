import { Option } from 'commander';
import { z } from 'zod';
import { readConfig } from '../../../backend/src/config.js';
import { createModels } from '../../../backend/src/models/index.js';
import { removeFiles, sweepSteps, type SweepStep } from '../../../backend/src/services/attachments/index.js';
import { StoreUnavailable, type ObjectStore } from '../../../backend/src/services/objectStore.js';
import { openStorage } from '../../../backend/src/storage/index.js';
import { defineTask, type Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { CannotRun, Stopped } from '../frame/taskErrors.js';

const HOUR_MS = 3_600_000;
const BATCH = 200;

const schema = z.object({
  olderThanHours: z.coerce
    .number()
    .refine((hours) => hours >= 1, 'has to be at least 1')
    .default(24),
  all: z.boolean().default(false),
});

/** Opens the object store of the server, in the task's own data folder. @throws CannotRun when it cannot be used. */
async function openStore({ dataDir }: TaskContext): Promise<ObjectStore> {
  const config = readConfig({ ...process.env, NODE_ENV: 'development' });
  const { store } = await openStorage({ ...config, DATA_DIR: dataDir });
  try {
    await store.check();
    return store;
  } catch (error) {
    const reason = error instanceof StoreUnavailable ? 'The object store cannot be reached' : undefined;
    throw new CannotRun(reason ?? (error instanceof Error ? error.message : String(error)));
  }
}

const toStep = ({ what, count, bytes, names, apply }: SweepStep): Step => ({
  lines: names.map((name) => `${what}: ${name}`),
  counts: { [what]: count, bytes },
  apply: async () => {
    const done = await apply();
    return done === count ? undefined : { usedMeanwhile: count - done };
  },
});

/** Yields the files on the list of those to delete, also those that the steps before have put there. */
async function* deletedFiles(context: TaskContext, store: ObjectStore): AsyncGenerator<Step> {
  const { attachments } = createModels(context.connection);
  // The server postpones what it could not remove: those are tried now, too.
  const before = new Date(Date.now() + 24 * HOUR_MS);
  const limit = context.isTrial ? Number.MAX_SAFE_INTEGER : BATCH;
  for (;;) {
    const rows = await attachments.findByStatus('deleting', { before, limit });
    if (rows.length === 0) return;
    yield {
      lines: rows.map(({ _id }) => `deleted: ${_id}`),
      counts: { deleted: rows.length },
      apply: async () => {
        await removeFiles({ attachments, store }, rows);
        return undefined;
      },
    };
    if (context.isTrial) return;
  }
}

export const sweepAttachments = defineTask({
  name: 'sweep-attachments',
  summary: 'removes uploads that nobody finished, files that no message has, and objects without a row',
  help: `Every server does this once an hour by itself; this command does it at once, and shows what it does. It removes uploads that
were not completed, files that were not sent, rejected ones, objects that a late upload left in the object store, and what
deleted messages had. It uses the object store of the server (STORAGE, S3_…). What it removes cannot be restored.`,
  kind: 'change',
  schema,
  options: [
    new Option('--older-than-hours <n>', 'remove what nobody has used for more than n hours').default('24'),
    new Option(
      '--all',
      'also list all checked files, and remove those without a row (takes as long as there are files)',
    ),
  ],
  async *steps(context, { olderThanHours, all }) {
    const models = createModels(context.connection);
    const store = await openStore(context);
    try {
      const deps = { ...models, store, now: () => new Date() };
      for await (const step of sweepSteps(deps, { olderThanMs: olderThanHours * HOUR_MS, all })) {
        if (context.isStopping()) throw new Stopped();
        yield toStep(step);
      }
      yield* deletedFiles(context, store);
      if (!context.isTrial) await models.uploadQuotas.removeExpired(new Date());
    } finally {
      await store.close();
    }
  },
});
