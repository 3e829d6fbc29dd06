import mongoose from 'mongoose';
import { v4 as uuid } from 'uuid';
import { COMMITTED } from './committed.js';

interface MetaDocument {
  _id: 'epoch';
  value: string;
  /** Counts up with every look of every process: a database in which it is smaller than it was has been restored. */
  pulse?: number;
}

/** The name of a database's history, and how far that has come. */
export interface Epoch {
  value: string;
  pulse: number;
}

const schema = new mongoose.Schema<MetaDocument>(
  { _id: { type: String, required: true }, value: { type: String, required: true }, pulse: Number },
  { collection: 'meta', versionKey: false },
);

export function createMetaModel(connection: mongoose.Connection) {
  const model = connection.model('Meta', schema);
  return {
    model,

    /** Undefined as long as no server has looked. */
    async findEpoch(): Promise<Epoch | undefined> {
      const found = await model.findById('epoch').read('primary').lean();
      return found === null ? undefined : { value: found.value, pulse: found.pulse ?? 0 };
    },

    /** The name of this database's history, made with the first look; this look is counted, and survives a crash. */
    async countLook(): Promise<Epoch> {
      const found = await model
        .findOneAndUpdate(
          { _id: 'epoch' },
          { $setOnInsert: { value: uuid() }, $inc: { pulse: 1 } },
          { upsert: true, returnDocument: 'after', writeConcern: COMMITTED },
        )
        .lean();
      return { value: found.value, pulse: found.pulse ?? 0 };
    },

    /**
     * Begins another history, unless somebody has just done so.
     *
     * @param ended the history that ends, as it was seen, and up to where looks were ever counted.
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
