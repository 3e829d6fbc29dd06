import mongoose from 'mongoose';
import { COMMITTED } from './committed.js';
import { insertMissing } from './insertMany.js';

/**
 * How far the log of messages was looked through for push notifications, and by which process.
 *
 * `{ _id: 'push', position: '65a…', holder: 'uuid of a process', until: Date }`
 *
 * Invariants: one process at a time holds it, until `until` (database time) unless it renews it. Only the holder moves
 * `position`: everything below it was pushed, was not to be pushed, or waits in `push_jobs`.
 */
interface PushCursorDocument {
  _id: string;
  /** Hex id: messages with a smaller id are done. */
  position: string;
  holder: string;
  until: Date;
}

const schema = new mongoose.Schema<PushCursorDocument>(
  {
    _id: { type: String, required: true },
    position: { type: String, required: true },
    holder: { type: String, required: true },
    until: { type: Date, required: true },
  },
  { collection: 'push_cursor', versionKey: false },
);

const ID = 'push';

export function createPushCursorModel(connection: mongoose.Connection) {
  const model = connection.model('PushCursor', schema);
  const collection = connection.collection<PushCursorDocument>('push_cursor');
  return {
    model,

    /**
     * Takes or renews the lease. Returns the position; undefined while another process holds it.
     *
     * @param first position of a database that never had one.
     */
    async hold(
      holder: string,
      { now, until, first }: { now: Date; until: Date; first: string },
    ): Promise<string | undefined> {
      const take = () =>
        collection.findOneAndUpdate(
          { _id: ID, $or: [{ holder }, { until: { $lt: now } }] },
          { $set: { holder, until } },
          { returnDocument: 'after', writeConcern: COMMITTED },
        );
      const held = await take();
      if (held !== null) return held.position;
      await insertMissing(() =>
        collection.insertOne({ _id: ID, position: first, holder, until }, { writeConcern: COMMITTED }),
      );
      return (await take())?.position;
    },

    /** Moves the position. @returns false when another process has taken the lease: what follows is its work. */
    async move(holder: string, position: string): Promise<boolean> {
      const { matchedCount } = await collection.updateOne(
        { _id: ID, holder },
        { $set: { position } },
        { writeConcern: COMMITTED },
      );
      return matchedCount === 1;
    },

    /** Gives the lease up, so that another process need not wait for its end. */
    async release(holder: string): Promise<void> {
      await collection.updateOne({ _id: ID, holder }, { $set: { until: new Date(0) } });
    },
  };
}

export type PushCursorModel = ReturnType<typeof createPushCursorModel>;
