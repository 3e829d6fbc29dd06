import mongoose from 'mongoose';
import { v4 as uuid } from 'uuid';
import { COMMITTED } from './committed.js';
import { type MarkedDocument, type Marks, toMarks } from './changeMarks.js';
import { insertMissing } from './insertMany.js';

/**
 * Identity of the database's history.
 *
 * `{ _id: 'epoch', value: 'uuid', pulse: 1234, marks: { users: 12, blocks: 3, processes: 2 } }`
 *
 * Invariants: `value` changes only when a history ends, e.g. when a backup is restored. `pulse` only increases within a
 * history.
 */
interface MetaDocument extends MarkedDocument {
  value: string;
  /** Incremented by every poll of every process. A lower value than before means that the database was restored. */
  pulse?: number;
}

/** Id of a database's history, and the number of polls so far. */
export interface Epoch {
  value: string;
  pulse: number;
}

/** The epoch as of a poll, with the marks of changes. */
export interface Pulse extends Epoch {
  marks: Marks;
}

const schema = new mongoose.Schema<MetaDocument>(
  {
    _id: { type: String, required: true },
    value: { type: String, required: true },
    pulse: Number,
    marks: mongoose.Schema.Types.Mixed,
  },
  { collection: 'meta', versionKey: false },
);

export function createMetaModel(connection: mongoose.Connection) {
  const model = connection.model('Meta', schema);
  const collection = connection.collection<MetaDocument>('meta');
  return {
    model,

    /** Undefined until a server has polled for the first time. */
    async findEpoch(): Promise<Epoch | undefined> {
      const found = await model.findById('epoch').read('primary').lean();
      return found === null ? undefined : { value: found.value, pulse: found.pulse ?? 0 };
    },

    /** Increments the pulse and returns the epoch, which the first call creates. The write is durable. */
    async incrementPulse(): Promise<Pulse> {
      for (;;) {
        const found = await model
          .findOneAndUpdate(
            { _id: 'epoch' },
            { $inc: { pulse: 1 } },
            { returnDocument: 'after', writeConcern: COMMITTED },
          )
          .lean();
        if (found !== null) {
          return { value: found.value, pulse: found.pulse ?? 0, marks: toMarks(found.marks) };
        }
        const first = { _id: 'epoch' as const, value: uuid(), pulse: 0 };
        await insertMissing(() => collection.insertOne(first, { writeConcern: COMMITTED }));
      }
    },

    /**
     * Starts a new history, unless another process has just done so.
     *
     * @param ended the history that ends, with the highest pulse ever seen.
     */
    async renewEpoch({ value, pulse }: Epoch): Promise<void> {
      await model.updateOne(
        { _id: 'epoch', value },
        { $set: { value: uuid() }, $max: { pulse: pulse + 1 } },
        { writeConcern: COMMITTED },
      );
    },
  };
}

export type MetaModel = ReturnType<typeof createMetaModel>;
