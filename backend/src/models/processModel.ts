import mongoose from 'mongoose';
import { COMMITTED } from './committed.js';

/** A living server process: who it is, that it lives, and what it still owes the summaries. */
interface ProcessDocument {
  _id: string;
  /** Counts up; another process that sees it stand still takes over. */
  beat: number;
  /** Database time of the last beat. */
  at: Date;
  /** Hex id: every message of this process with a smaller one is in its conversation's summary. */
  flushedThrough: string;
  /** Database time: no write of this process with an earlier `changedAt` can still become visible. */
  visibleThrough: Date;
}

export type ProcessRecord = ProcessDocument;
export type Heartbeat = Pick<ProcessDocument, '_id' | 'beat' | 'flushedThrough' | 'visibleThrough'>;

const schema = new mongoose.Schema<ProcessDocument>(
  {
    _id: { type: String, required: true },
    beat: Number,
    at: Date,
    flushedThrough: String,
    visibleThrough: Date,
  },
  { collection: 'processes', versionKey: false },
);

export function createProcessModel(connection: mongoose.Connection) {
  const model = connection.model('Process', schema);
  return {
    model,

    /** Writes a beat and answers with the database's time. */
    async beat({ _id, ...heartbeat }: Heartbeat): Promise<Date> {
      const found = await model
        .findOneAndUpdate(
          { _id },
          { $set: heartbeat, $currentDate: { at: true } },
          { upsert: true, returnDocument: 'after', writeConcern: COMMITTED },
        )
        .lean();
      return found.at;
    },

    /** All of them: as many as there are processes. */
    findAll: (): Promise<ProcessRecord[]> => model.find().read('primary').lean<ProcessRecord[]>(),

    /** Forgets a process, unless it has moved since. */
    async remove(seen: { _id: string; beat?: number }): Promise<void> {
      await model.deleteOne(seen);
    },
  };
}

export type ProcessModel = ReturnType<typeof createProcessModel>;
