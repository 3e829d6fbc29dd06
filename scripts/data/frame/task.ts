import type { Option } from 'commander';
import type mongoose from 'mongoose';
import type { z } from 'zod';
import type { EntryKind } from './entryKinds.js';
import type { Change } from './changes.js';
import type { JournalWriter } from './journal.js';

/*
 * How a task of `npm run data` is written (docs/operations/README.md says how one is used).
 *
 *   export const myTask = defineTask({
 *     name: 'my-task',
 *     summary: 'one line for the help',
 *     kind: 'change',                      // or 'check': reads only, no question, no journal
 *     schema: z.object({ days: … }),       // of the options below, as commander gives them (camelCase)
 *     options: [new Option('--days <n>', '…')],
 *     async *steps(context, options) {
 *       context.progress.total(await context.collection('messages').estimatedDocumentCount());
 *       for await (const doc of scan(context.collection('messages'))) {
 *         context.progress.advance();
 *         if (isBroken(doc)) yield { problem: 'what a person has to look at' };
 *         if (isMendable(doc)) yield { lines: ['what changes'], counts: { mended: 1 }, changes: [setFields(…)] };
 *       }
 *     },
 *   });
 *
 * and put into `tasks.ts`; `scripts/my-task.mjs` is one line. The frame does the rest: dry run, question, journal,
 * progress, report, signals, exit codes. `steps` runs up to twice: once for the summary, and once for the work, where steps
 * that only change fields are done by the hundred, and one with `apply` is brought to its end before the next is asked
 * for, unless it comes out of `sideBySide`. So a step must be found anew in the data by a second run
 * if it was not done, and not be found if it was: nothing else makes a task resumable.
 */

export type Counts = Record<string, number>;

/** Something to do, small enough to be finished when somebody wants the task to stop. */
export interface Step {
  /** What it changes, a line for each thing: a dry run shows all of them. No text of messages. */
  lines: readonly string[];
  /** Added to the report, in the dry run and after the step is done. */
  counts: Counts;
  /** Journaled by the frame and then written, each only where the database still holds what was read. */
  changes?: readonly Change[];
  /**
   * For what is more than that, after `changes`: journals by itself, before it writes. What it returns is added to the
   * counts of the report.
   */
  apply?: (journal: JournalWriter) => Promise<Counts | undefined>;
  /** `apply` may run beside that of other such steps; `sideBySide` says so. */
  isIndependent?: boolean;
}

/** Something that is wrong and that this task does not mend. */
export interface Finding {
  problem: string;
  /** For machines; beside the sentence. No text of messages. */
  details?: Record<string, unknown>;
  counts?: Counts;
}

/** Only counted. Everything yielded before it is done before what follows is read. */
export interface Note {
  note: true;
  counts: Counts;
}

export type Yielded = Step | Finding | Note;

export interface Progress {
  /** How many there are to go through, as far as one knows. Starts anew. */
  total(count: number, what?: string): void;
  advance(by?: number): void;
}

export interface TaskContext {
  connection: mongoose.Connection;
  /** Documents as they are stored, damaged ones too: no schema, no casting. */
  collection(name: string): mongoose.mongo.Collection;
  progress: Progress;
  /** True once somebody wants it to stop: steps that take long look, and throw `Stopped`. */
  isStopping(): boolean;
  dataDir: string;
  /** A relative path of the command line, as seen from where the command was given. */
  pathOf(path: string): string;
}

/** Any document. */
export type Stored = mongoose.mongo.BSON.Document;

/** The work has been left at a place where it may be left. */
export class Stopped extends Error {}

/** It could not be run, and nothing was changed by it: a sentence for a person. */
export class CannotRun extends Error {}

export interface Outcome {
  counts: Counts;
  problems: number;
  startedAt: Date;
}

export interface TaskDefinition<Options> {
  name: string;
  summary: string;
  /** Below the usage in `--help`. */
  help?: string;
  /** Words behind the name, as commander writes them: `<journal>`; their values come as the option of that name. */
  args?: readonly string[];
  kind: 'check' | 'change';
  options?: readonly Option[];
  schema: z.ZodType<Options>;
  steps: (context: TaskContext, options: Options) => AsyncIterable<Yielded>;
  /** The fields of the JSON report behind `changes` and `details`, where they are not the usual ones. */
  fields?(outcome: Outcome): Record<string, unknown>;
  /** What its own journal entries are, and how they are taken back. */
  entryKinds?: readonly EntryKind[];
}

export interface Task extends Omit<TaskDefinition<unknown>, 'schema' | 'steps'> {
  /** @throws CannotRun with what is wrong about the options. */
  steps: (context: TaskContext, options: unknown) => AsyncIterable<Yielded>;
  checkOptions(options: unknown): void;
}

export function defineTask<Options>({ schema, steps, ...definition }: TaskDefinition<Options>): Task {
  const parse = (given: unknown): Options => {
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new CannotRun(`--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}.`);
  };
  return {
    ...definition,
    checkOptions: (given) => void parse(given),
    steps: (context, given) => steps(context, parse(given)),
  };
}
