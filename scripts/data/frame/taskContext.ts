import type mongoose from 'mongoose';

export interface Progress {
  /** Starts a new bar. @param count expected number of items. @param unit what is counted, such as `messages`. */
  total(count: number, unit?: string): void;
  advance(by?: number): void;
}

export interface TaskContext {
  connection: mongoose.Connection;
  /** Returns the collection without schema and casting: damaged documents are read as they are stored. */
  collection(name: string): mongoose.mongo.Collection;
  progress: Progress;
  /** True while steps are only listed or counted. No yielded step has been applied when the next one is requested. */
  readonly isTrial: boolean;
  /** True when `--allow-empty` was given: an empty source or database is not an error. */
  readonly allowEmpty: boolean;
  /** True once the operator asked the task to stop. Long steps check it and throw `Stopped`. */
  isStopping(): boolean;
  dataDir: string;
  /** Resolves a relative path of the command line against the directory the command was called from. */
  pathOf(path: string): string;
}
