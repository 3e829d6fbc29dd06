import { Option } from 'commander';
import { z } from 'zod';
import type { MessageId } from '../../../contract/index.js';
import { createArchiveModel, MIN_AGE_MS } from '../../../backend/src/models/archiveModel.js';
import type { EntryKind } from '../frame/entryKinds.js';
import { defineTask, Stopped, type TaskContext } from '../frame/task.js';

const BATCH = 500;

const schema = z.object({
  olderThanDays: z.coerce.number().refine((days) => days * MIN_AGE_MS >= MIN_AGE_MS, 'has to be at least 1'),
});

/** Messages that were archived, by their ids alone: what they said stays in the database. */
const archived: EntryKind = {
  kind: 'archived',
  async judge(entry, context) {
    const stubs = await createArchiveModel(context.connection).findStubs(idsOf(entry));
    return stubs.length > 0 ? 'undo' : 'skip';
  },
  async undo(entry, context) {
    await createArchiveModel(context.connection).restore(idsOf(entry));
  },
};

const idsOf = (entry: Record<string, unknown>): MessageId[] => entry['ids'] as MessageId[];

/** Database time: the clock of this machine may be a wrong one. */
async function databaseNow({ connection }: TaskContext): Promise<Date> {
  const hello = await connection.db?.admin().command({ hello: 1 });
  const localTime: unknown = hello?.['localTime'];
  return localTime instanceof Date ? localTime : new Date();
}

export const archiveMessages = defineTask({
  name: 'archive-messages',
  summary:
    'moves what old messages say into a collection of its own; everybody reads on as if nothing had moved',
  help: `The collection "messages" keeps a small stub of each, so that counts, places and search stay; history, quotes and
previews read across both, and edits and deletions reach the archive. undo brings everything back.`,
  kind: 'change',
  schema,
  options: [
    new Option('--older-than-days <n>', 'messages that were sent longer ago than this').makeOptionMandatory(),
  ],
  entryKinds: [archived],
  async *steps(context, { olderThanDays }) {
    const archive = createArchiveModel(context.connection);
    await archive.model.createCollection();
    await archive.model.createIndexes();
    const before = new Date((await databaseNow(context)).getTime() - olderThanDays * MIN_AGE_MS);
    context.progress.total(await archive.countOld(before), 'messages');
    for (let afterId: MessageId | undefined; ;) {
      if (context.isStopping()) throw new Stopped();
      const documents = await archive.findOld(before, { afterId, limit: BATCH });
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
