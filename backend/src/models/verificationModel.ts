import type mongoose from 'mongoose';
import { insertMissing } from './insertMany.js';
import { verifyConversations } from './verify/conversationIssues.js';
import { ISSUES } from './verify/issues.js';
import { findDuplicatePairs } from './verify/duplicatePairs.js';
import { verifyMessages } from './verify/messageIssues.js';
import { COMMITTED } from './committed.js';

/** Number of findings per issue. */
export type IssueCounts = Record<string, number>;

/**
 * Schedule and result of the verification of a database; one document, in database time.
 *
 * `{ _id: 'verification', dueAt: Date, finishedAt: Date, found: { hole: 0, counter: 2, … } }`
 *
 * Invariants: the process that moves `dueAt` forward runs the verification, so that only one process does.
 */
interface VerificationDocument {
  _id: 'verification';
  dueAt: Date;
  finishedAt?: Date;
  found?: IssueCounts;
}

/** Maximum lag of a summary behind its messages, in ms. */
const SETTLE_MS = 2_000;

const noIssues = (): IssueCounts =>
  Object.fromEntries(
    [...Object.keys(ISSUES), 'duplicate', 'orphan', 'foreignSender'].map((name) => [name, 0]),
  );

export function createVerificationModel(connection: mongoose.Connection) {
  const meta = connection.collection<VerificationDocument>('meta');
  const collections = {
    conversations: connection.collection('conversations'),
    messages: connection.collection('messages'),
    members: connection.collection('members'),
    merges: connection.collection('merges'),
  };
  return {
    find: (): Promise<VerificationDocument | null> =>
      meta.findOne({ _id: 'verification' }, { readPreference: 'primary' }),

    /**
     * Claims the verification if it is due, by setting the next due time to `until`. Returns true for exactly one of
     * several processes.
     */
    async claim(now: Date, until: Date): Promise<boolean> {
      const { matchedCount } = await meta.updateOne(
        { _id: 'verification', dueAt: { $lte: now } },
        { $set: { dueAt: until } },
        { writeConcern: COMMITTED },
      );
      // The unique `_id` refuses the insert when the document exists and is not due.
      return (
        matchedCount > 0 ||
        (await insertMissing(() =>
          meta.insertOne({ _id: 'verification', dueAt: until }, { writeConcern: COMMITTED }),
        ))
      );
    },

    /** Postpones the due time while a verification runs, so that no other process starts one. */
    async extend(until: Date): Promise<void> {
      await meta.updateOne({ _id: 'verification' }, { $max: { dueAt: until } });
    },

    async finish(finishedAt: Date, found: IssueCounts): Promise<void> {
      await meta.updateOne(
        { _id: 'verification' },
        { $set: { finishedAt, found } },
        { writeConcern: COMMITTED },
      );
    },

    /**
     * Verifies everything that is stored: conversations with their logs, messages, and pairs.
     *
     * @param onPage is awaited after every page; it may delay the next page, or throw to end the verification.
     */
    async verify(onPage: () => Promise<void>): Promise<IssueCounts> {
      const found = noIssues();
      const count = (issue: string, by = 1): void => void (found[issue] = (found[issue] ?? 0) + by);
      for await (const { issues } of verifyConversations(collections, { settleMs: SETTLE_MS })) {
        for (const { issue } of issues) count(issue);
        await onPage();
      }
      for await (const { issues } of verifyMessages(collections)) {
        for (const { issue } of issues) count(issue);
        await onPage();
      }
      for await (const { ids } of findDuplicatePairs(collections.conversations, () => undefined)) {
        count('duplicate', ids.length - 1);
      }
      return found;
    },
  };
}

export type VerificationModel = ReturnType<typeof createVerificationModel>;
