import { z } from 'zod';
import { createArchiveModel, type ArchiveModel } from '../../../backend/src/models/archiveModel.js';
import type { MessageDocument } from '../../../backend/src/models/messageDocument.js';
import { objectId } from '../../../backend/src/models/objectIds.js';
import { wordsOf } from '../../../backend/src/services/search/words.js';
import { scanPages } from '../frame/scan.js';
import { defineTask, type Step, type TaskContext } from '../frame/task.js';

/** What people said, is still there, and has no words. */
const LACKING = {
  words: { $exists: false },
  deletedAt: { $exists: false },
  controlSeq: { $exists: false },
} as const;

/**
 * Gives messages their words, each only if it still is what was read: an edit or a deletion that came between has seen to
 * its words itself. One without any gets an empty list, so that it is not met again. Nothing is journaled: it follows
 * from the message, and a journal would be one more place where its text is.
 */
async function index(
  context: TaskContext,
  archive: Pick<ArchiveModel, 'complete'>,
  page: readonly MessageDocument[],
): Promise<void> {
  const editRevs = new Map(page.map(({ _id, editRev }) => [_id.toHexString(), editRev]));
  const updates = (await archive.complete(page)).map((message) => ({
    updateOne: {
      filter: {
        ...LACKING,
        _id: objectId(message._id),
        editRev: editRevs.get(message._id) ?? { $exists: false },
      },
      update: { $set: { words: wordsOf(message) } },
    },
  }));
  await context.collection('messages').bulkWrite(updates, { ordered: false });
}

export const backfillWords = defineTask({
  name: 'backfill-words',
  summary: 'lets search find messages that were stored before there was search',
  help: 'May run beside the server, and be stopped and run again. There is nothing to undo.',
  kind: 'change',
  schema: z.object({}),
  async *steps(context) {
    const messages = context.collection('messages');
    const archive = createArchiveModel(context.connection);
    context.progress.total(await messages.estimatedDocumentCount());
    for await (const found of scanPages(messages, { filter: LACKING })) {
      const page = found as MessageDocument[];
      const step: Step = {
        lines: [`${page.length} messages from ${String(page[0]?._id)} on`],
        counts: { indexed: page.length },
        apply: async () => {
          await index(context, archive, page);
          return undefined;
        },
      };
      yield step;
      context.progress.advance(page.length);
    }
  },
});
