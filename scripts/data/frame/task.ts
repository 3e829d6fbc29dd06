import type { Option } from 'commander';
import type { z } from 'zod';
import type { EntryKind } from './entryKinds.js';
import type { Change } from './changes.js';
import type { JournalWriter } from './journal.js';
import type { TaskContext } from './taskContext.js';
import { CannotRun } from './taskErrors.js';

/*
 * How to write a task of `npm run data` (docs/operations/README.md explains how to use one).
 *
 *   export const myTask = defineTask({
 *     name: 'my-task',
 *     summary: 'one line for the help',
 *     kind: 'change',                      // or 'check': read-only, no confirmation, no journal
 *     schema: z.object({ days: … }),       // validates the options below; commander passes them in camelCase
 *     options: [new Option('--days <n>', '…')],
 *     async *steps(context, options) {
 *       context.progress.total(await context.collection('messages').estimatedDocumentCount());
 *       for await (const doc of scan(context.collection('messages'))) {
 *         context.progress.advance();
 *         if (isBroken(doc)) yield { problem: 'a sentence for the operator' };
 *         if (isRepairable(doc)) yield { lines: ['the change'], counts: { repaired: 1 }, changes: [setFields(…)] };
 *       }
 *     },
 *   });
 *
 * Add the task to `tasks.ts`; `scripts/my-task.mjs` is one line. The frame provides dry run, confirmation, journal,
 * progress, report, signals and exit codes. `steps` runs up to twice: once for the summary, once for the work. Steps with
 * field changes only are then written in batches of hundreds. A step with `apply` is completed before the next step is
 * requested, unless it comes out of `sideBySide`.
 *
 * A task is resumable only if a second run finds, in the data, exactly those steps that were not done.
 */

export type Counts = Record<string, number>;

/** A unit of work, small enough to be completed after the operator asked the task to stop. */
export interface Step {
  /** One line per change, printed in a dry run. Never contains message text. */
  lines: readonly string[];
  /** Added to the report: in a dry run at once, otherwise when the step is done. */
  counts: Counts;
  /** The frame journals and writes these. Each is written only if the document still has the values that were read. */
  changes?: readonly Change[];
  /**
   * Work beyond `changes`; runs after them. Must journal its changes before it writes. The returned counts are added to
   * the report.
   */
  apply?: (journal: JournalWriter) => Promise<Counts | undefined>;
  /** True when `apply` may run in parallel with that of other independent steps. Set by `sideBySide`. */
  isIndependent?: boolean;
}

/** A problem that this task does not repair. */
export interface Finding {
  problem: string;
  /** Machine-readable facts next to the sentence. Never contains message text. */
  details?: Record<string, unknown>;
  counts?: Counts;
}

/** Counts and prints only. All steps yielded before it are written before the generator continues. */
export interface Note {
  note: true;
  counts: Counts;
  /** Printed unchanged; not printed while the frame only counts the steps. */
  lines?: readonly string[];
}

export type Yielded = Step | Finding | Note;

export interface Outcome {
  counts: Counts;
  /** True when the steps were only listed and nothing was changed. */
  isTrial: boolean;
  problems: number;
  startedAt: Date;
}

export interface TaskDefinition<Options> {
  name: string;
  summary: string;
  /** Text below the usage in `--help`. */
  help?: string;
  /** Arguments after the name in commander's notation, such as `<journal>`. Their values are passed as options. */
  args?: readonly string[];
  kind: 'check' | 'change';
  options?: readonly Option[];
  schema: z.ZodType<Options>;
  steps: (context: TaskContext, options: Options) => AsyncIterable<Yielded>;
  /**
   * Returns all fields of the JSON report, for tasks whose report differs from the default. `--details` adds the
   * findings.
   */
  fields?(outcome: Outcome): Record<string, unknown>;
  /**
   * Returns the lines above the counts: how conversations and messages changed. Operators look for this first.
   */
  summarise?(outcome: Outcome): readonly string[];
  /** The task's own kinds of journal entries. */
  entryKinds?: readonly EntryKind[];
}

export interface Task extends Omit<TaskDefinition<unknown>, 'schema' | 'steps'> {
  /** @throws CannotRun when an option is invalid. */
  steps: (context: TaskContext, options: unknown) => AsyncIterable<Yielded>;
  checkOptions(options: unknown): void;
}

/** Converts `olderThanDays` to `older-than-days`: options are camelCase in code only. */
export const toOptionName = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export function defineTask<Options>({ schema, steps, ...definition }: TaskDefinition<Options>): Task {
  const parse = (given: unknown): Options => {
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new CannotRun(`--${toOptionName(issue?.path.join('.') ?? '')}: ${issue?.message ?? 'is invalid'}.`);
  };
  return {
    ...definition,
    checkOptions: (given) => void parse(given),
    steps: (context, given) => steps(context, parse(given)),
  };
}
