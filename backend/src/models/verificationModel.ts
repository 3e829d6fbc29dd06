import type mongoose from 'mongoose';
import { isDuplicateKey } from './insertMany.js';
import { ISSUES, verifyConversations } from './verify/conversationIssues.js';
import { findDuplicatePairs } from './verify/duplicatePairs.js';
import { verifyMessages } from './verify/messageIssues.js';
import { COMMITTED } from './committed.js';

/** How many there are of each thing that can be wrong. */
export type Found = Record<string, number>;

/** The one verification of the database: when the next one is due, and what the last one found. All in database time. */
interface VerificationDocument {
  _id: 'verification';
  dueAt: Date;
  finishedAt?: Date;
  found?: Found;
}

/** A summary may be behind its messages for this long, in ms. */
const SETTLE_MS = 2_000;

const NOTHING = (): Found =>
  Object.fromEntries(
    [...Object.keys(ISSUES), 'duplicate', 'orphan', 'foreignSender'].map((name) => [name, 0]),
  );

export function createVerificationModel(connection: mongoose.Connection) {
  const meta = connection.collection<VerificationDocument>('meta');
  const collections = {
    conversations: connection.collection('conversations'),
    messages: connection.collection('messages'),
    members: connection.collection('members'),
  };
  return {
    find: (): Promise<VerificationDocument | null> =>
      meta.findOne({ _id: 'verification' }, { readPreference: 'primary' }),

    /** Takes the verification that is due, until another time: of many processes that ask, one gets it. */
    async claim(now: Date, until: Date): Promise<boolean> {
      try {
        const { matchedCount, upsertedCount } = await meta.updateOne(
          { _id: 'verification', dueAt: { $lte: now } },
          { $set: { dueAt: until } },
          { upsert: true, writeConcern: COMMITTED },
        );
        return matchedCount + upsertedCount > 0;
      } catch (error) {
        // It is there, and not due.
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    /** Still at it: nobody else is to begin before then. */
    async extend(until: Date): Promise<void> {
      await meta.updateOne({ _id: 'verification' }, { $max: { dueAt: until } });
    },

    async finish(finishedAt: Date, found: Found): Promise<void> {
      await meta.updateOne(
        { _id: 'verification' },
        { $set: { finishedAt, found } },
        { writeConcern: COMMITTED },
      );
    },

    /**
     * Looks at everything that is stored: conversations with their logs, messages, pairs.
     *
     * @param onPage is awaited behind every page; may wait, and may throw to end it.
     */
    async verify(onPage: () => Promise<void>): Promise<Found> {
      const found = NOTHING();
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
