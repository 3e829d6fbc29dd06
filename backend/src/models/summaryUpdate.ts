import type mongoose from 'mongoose';
import type { ConversationDocument, Summary } from './conversationDocument.js';
import { objectId } from './objectIds.js';

/** Returns the update that merges a summary. All fields only advance, so a repeated or late summary changes nothing. */
export const toSummaryUpdate = (
  summary: Summary,
): mongoose.mongo.AnyBulkWriteOperation<ConversationDocument> => ({
  updateOne: {
    filter: { _id: objectId(summary.conversationId) },
    update: {
      $max: {
        lastSeq: summary.lastSeq,
        messageCount: summary.messageCount,
        tail: { seq: summary.lastSeq, id: objectId(summary.lastMessageId), control: summary.control },
        ...(summary.lastDeletedSeq > 0 && { lastDeletedSeq: summary.lastDeletedSeq }),
        ...(summary.lastMessageAt !== undefined && { lastMessageAt: summary.lastMessageAt }),
        ...(summary.shown !== undefined && {
          shown: { seq: summary.shown.seq, id: objectId(summary.shown.id) },
        }),
        ...Object.fromEntries(
          [...summary.lastSent].flatMap(([index, { seq, n }]) => [
            [`lastSent.${index}`, seq],
            [`lastSentN.${index}`, n],
          ]),
        ),
        ...Object.fromEntries([...summary.lastQuiet].map(([index, sent]) => [`lastQuiet.${index}`, sent])),
      },
      $addToSet: { maybeUnread: { $each: [...summary.unreadFor] } },
      $currentDate: { changedAt: true },
    },
  },
});
