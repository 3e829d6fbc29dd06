import type mongoose from 'mongoose';
import { z } from 'zod';
import { createArchiveModel, type ArchiveModel } from '../../../backend/src/models/archiveModel.js';
import type { MessageDocument } from '../../../backend/src/models/messageShape.js';
import { objectId } from '../../../backend/src/models/objectIds.js';
import { wordsOf } from '../../../backend/src/utils/searchWords.js';
import { scanPages } from '../frame/scan.js';
import { defineTask, type Step } from '../frame/task.js';

/** Filter for messages of users that are not deleted. */
const SAID = { deletedAt: { $exists: false }, controlSeq: { $exists: false } } as const;

const isEqual = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((word, index) => word === b[index]);

/**
 * Returns updates for the messages whose search words differ from those this version computes. An update is skipped
 * when the message was edited or deleted since it was read: edit and delete update the words themselves. The updates
 * are not journaled: words are derived from the text, and a journal would be another place that holds message text.
 */
async function updatesOf(
  archive: Pick<ArchiveModel, 'complete'>,
  page: readonly MessageDocument[],
): Promise<mongoose.mongo.AnyBulkWriteOperation[]> {
  const stored = new Map(page.map((doc) => [doc._id.toHexString(), doc]));
  return (await archive.complete(page)).flatMap((message) => {
    const { words = [], editRev } = stored.get(message._id) ?? {};
    const wanted = wordsOf(message);
    if (isEqual(words, wanted)) return [];
    const filter = { ...SAID, _id: objectId(message._id), editRev: editRev ?? { $exists: false } };
    return [{ updateOne: { filter, update: { $set: { words: wanted } } } }];
  });
}

const toStep = (
  messages: mongoose.mongo.Collection,
  { updates, from }: { updates: mongoose.mongo.AnyBulkWriteOperation[]; from: string },
): Step => ({
  lines: [`${updates.length} messages, starting at ${from}`],
  counts: { indexed: updates.length },
  apply: async () => {
    await messages.bulkWrite(updates, { ordered: false });
    return undefined;
  },
});

export const backfillWords = defineTask({
  name: 'backfill-words',
  summary: 'updates the search index for messages stored before search existed, or by an older version',
  help: 'The server may be running. The task can be stopped and run again. There is nothing to undo.',
  kind: 'change',
  schema: z.object({}),
  async *steps(context) {
    const messages = context.collection('messages');
    const archive = createArchiveModel(context.connection);
    context.progress.total(await messages.estimatedDocumentCount());
    for await (const found of scanPages(messages, { filter: SAID })) {
      const page = found as MessageDocument[];
      const updates = await updatesOf(archive, page);
      if (updates.length > 0) yield toStep(messages, { updates, from: String(page[0]?._id) });
      context.progress.advance(page.length);
    }
  },
});
