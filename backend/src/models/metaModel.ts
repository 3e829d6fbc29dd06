import mongoose from 'mongoose';
import { v4 as uuid } from 'uuid';

interface MetaDocument {
  _id: 'epoch';
  value: string;
}

const schema = new mongoose.Schema<MetaDocument>(
  { _id: { type: String, required: true }, value: { type: String, required: true } },
  { collection: 'meta', versionKey: false },
);

export function createMetaModel(connection: mongoose.Connection) {
  const model = connection.model('Meta', schema);
  return {
    model,

    /** The name of this database's history, made with the first start and renewed when it is restored. */
    async findEpoch(): Promise<string> {
      const found = await model
        .findOneAndUpdate(
          { _id: 'epoch' },
          { $setOnInsert: { value: uuid() } },
          { upsert: true, returnDocument: 'after' },
        )
        .lean();
      return found.value;
    },
  };
}

export type MetaModel = ReturnType<typeof createMetaModel>;
