import type mongoose from 'mongoose';
import type { ConversationId, MessageId } from '../../../contract/index.js';
import { conversationIdOf, messageIdOf, objectId, type ObjectId } from './objectIds.js';
import { readLimit } from './readLimits.js';
import type { FollowedLog } from './webhookModel.js';

/** Position of an entry of a log that is read in the order of ids. */
export interface FollowedEntry {
  _id: MessageId;
  /** Messages and changes only. */
  conversationId?: ConversationId;
  seq?: number;
  rev?: number;
  /** Time of the entry. Copies that a merge made have a much later id. */
  at?: Date;
}

interface StoredEntry {
  _id: ObjectId;
  conversationId?: ObjectId;
  seq?: number;
  rev?: number;
  at?: Date;
  createdAt?: Date;
}

const FIELDS: Record<FollowedLog, Record<string, 1>> = {
  conversations: { createdAt: 1 },
  messages: { conversationId: 1, seq: 1, createdAt: 1 },
  changes: { conversationId: 1, rev: 1, at: 1 },
  reports: { createdAt: 1 },
};

/** Range of ids: `fromId` is included, `toId` is not. */
export interface IdRange {
  fromId: string;
  toId: string;
}

const BY_ID = { _id: 1 } as const;

/** Reads collections in the order of their ids, whatever conversation an entry belongs to. */
export function createFollowedLogs(connection: mongoose.Connection) {
  const inRange = ({ fromId, toId }: IdRange) => ({ _id: { $gte: objectId(fromId), $lt: objectId(toId) } });
  return {
    /** Returns the first `limit` entries of a range, in the order of ids, from the primary. */
    async find(log: FollowedLog, range: IdRange, limit: number): Promise<FollowedEntry[]> {
      const found = await connection
        .collection<StoredEntry>(log)
        .find(inRange(range), {
          projection: FIELDS[log],
          sort: BY_ID,
          limit,
          hint: BY_ID,
          readPreference: 'primary',
          ...readLimit(),
        })
        .toArray();
      return found.map(({ _id, conversationId, seq, rev, at, createdAt }) => {
        const time = at ?? createdAt;
        return {
          _id: messageIdOf(_id),
          ...(conversationId !== undefined &&
            log !== 'reports' && { conversationId: conversationIdOf(conversationId) }),
          ...(log === 'messages' && seq !== undefined && { seq }),
          ...(log === 'changes' && rev !== undefined && { rev }),
          ...(time !== undefined && { at: time }),
        };
      });
    },

    /** Counts the entries of a range. */
    count: (log: FollowedLog, range: IdRange): Promise<number> =>
      connection
        .collection<StoredEntry>(log)
        .countDocuments(inRange(range), { hint: BY_ID, readPreference: 'primary', ...readLimit() }),
  };
}

export type FollowedLogs = ReturnType<typeof createFollowedLogs>;
