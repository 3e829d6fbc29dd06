import { Option } from 'commander';
import { z } from 'zod';
import { messageId, type MessageId } from '../../../contract/index.js';
import { createArchiveModel, MIN_AGE_MS } from '../../../backend/src/models/archiveModel.js';
import { defineEntryKind } from '../frame/entryKinds.js';
import { defineTask } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { Stopped } from '../frame/taskErrors.js';

const BATCH = 500;

const schema = z.object({
  olderThanDays: z.coerce.number().refine((days) => days * MIN_AGE_MS >= MIN_AGE_MS, 'has to be at least 1'),
});

/** Archived messages. The entry holds their ids only: message text never leaves the database. */
const archived = defineEntryKind({
  kind: 'archived',
  schema: z.object({ kind: z.literal('archived'), ids: z.array(messageId) }),
  async judge({ ids }, context) {
    const stubs = await createArchiveModel(context.connection).findStubs(ids);
    return stubs.length > 0 ? 'undo' : 'skip';
  },
  async undo({ ids }, context) {
    await createArchiveModel(context.connection).restore(ids);
  },
});

/** Returns the database time: the clock of this machine may be wrong. */
async function databaseNow({ connection }: TaskContext): Promise<Date> {
  const hello = await connection.db?.admin().command({ hello: 1 });
  const localTime: unknown = hello?.['localTime'];
  return localTime instanceof Date ? localTime : new Date();
}

export const archiveMessages = defineTask({
  name: 'archive-messages',
  summary: 'moves the content of old messages into a separate collection; reading works as before',
  help: `The collection "messages" keeps a small stub of each message, so that counts, seq and search still work. History, quotes
and previews read from both collections. Edits and deletions also apply to the archive. undo restores everything.`,
  kind: 'change',
  schema,
  options: [
    new Option('--older-than-days <n>', 'archive messages sent more than n days ago').makeOptionMandatory(),
  ],
  entryKinds: [archived],
  async *steps(context, { olderThanDays }) {
    const archive = createArchiveModel(context.connection);
    if (!context.isTrial) {
      await archive.model.createCollection();
      await archive.model.createIndexes();
    }
    const before = new Date((await databaseNow(context)).getTime() - olderThanDays * MIN_AGE_MS);
    context.progress.total(await archive.countArchivable(before), 'messages');
    for (let afterId: MessageId | undefined; ;) {
      if (context.isStopping()) throw new Stopped();
      const documents = await archive.findArchivable(before, { afterId, limit: BATCH });
      const last = documents.at(-1);
      if (last === undefined) return;
      const ids = documents.map(({ _id }) => _id.toHexString() as MessageId);
      yield {
        lines: ids.map((id) => `message ${id}`),
        counts: { messages: ids.length },
        apply: async (journal) => {
          await journal.write([{ kind: 'archived', ids }]);
          const done = await archive.archive(documents, new Date());
          return done === ids.length ? undefined : { changedMeanwhile: ids.length - done };
        },
      };
      context.progress.advance(ids.length);
      afterId = last._id.toHexString() as MessageId;
    }
  },
});
