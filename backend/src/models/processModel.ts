import mongoose from 'mongoose';
import { COMMITTED } from './committed.js';
import type { ChangeMarks } from './changeMarks.js';
import { op } from './operators.js';

/**
 * A running server process: its heartbeat, and how far its summaries are written.
 *
 * `{ _id: 'uuid', beat: 42, at: Date, flushedThrough: '65a…', visibleThrough: Date }`
 *
 * Invariants: when `beat` stops increasing, another process takes over and derives the missing summaries. While it is
 * alive, no third process does the same.
 */
interface ProcessDocument {
  _id: string;
  /** Heartbeat counter. Another process takes over when it stops increasing. */
  beat: number;
  /** Id of the process that takes over this one. */
  takenOverBy?: string;
  /** Database time of the last heartbeat. */
  at: Date;
  /** Hex id: all messages of this process with a smaller id are included in the summaries. */
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
    takenOverBy: String,
    at: Date,
    flushedThrough: String,
    visibleThrough: Date,
  },
  { collection: 'processes', versionKey: false },
);

export function createProcessModel(connection: mongoose.Connection, marks: ChangeMarks) {
  const model = connection.model('Process', schema);
  const collection = connection.collection<ProcessDocument>('processes');
  return {
    model,

    /**
     * Writes a heartbeat. Returns the database time, and whether the process is new there: other processes remove one
     * that they take for dead. A new process has to be announced.
     */
    async writeHeartbeat({ _id, ...heartbeat }: Heartbeat): Promise<{ at: Date; isNew: boolean }> {
      const { value, lastErrorObject } = await collection.findOneAndUpdate(
        { _id },
        { $set: heartbeat, $unset: { takenOverBy: 1 }, $currentDate: { at: true } },
        { upsert: true, returnDocument: 'after', writeConcern: COMMITTED, includeResultMetadata: true },
      );
      if (value === null) throw new Error('the database returned no heartbeat');
      return { at: value.at, isNew: lastErrorObject?.['updatedExisting'] !== true };
    },

    /** Makes all processes look for new ones. */
    announce: (): Promise<void> => marks.note('processes'),

    /** Returns the documents of all processes. */
    findAll: (): Promise<ProcessRecord[]> => model.find().read('primary').lean<ProcessRecord[]>(),

    /**
     * Marks a process as taken over by another one. Of several callers one succeeds.
     *
     * @param dead as it was read: false when its heartbeat has advanced since, or it was taken over by another process.
     */
    async takeOver(
      dead: Pick<ProcessDocument, '_id' | 'beat' | 'takenOverBy'>,
      by: string,
    ): Promise<boolean> {
      const { _id, beat, takenOverBy } = dead;
      const found = await model
        .findOneAndUpdate(
          { _id, beat, takenOverBy: takenOverBy ?? op({ $exists: false }) },
          { $set: { takenOverBy: by } },
          { writeConcern: COMMITTED },
        )
        .lean();
      return found !== null;
    },

    /** Removes a process, unless its heartbeat has advanced since it was read. */
    async remove(seen: { _id: string; beat?: number }): Promise<void> {
      await model.deleteOne(seen);
    },
  };
}

export type ProcessModel = ReturnType<typeof createProcessModel>;
