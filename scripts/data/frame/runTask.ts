import { join, resolve } from 'node:path';
import confirm from '@inquirer/confirm';
import type mongoose from 'mongoose';
import { groupBy } from '../../../backend/src/utils/groupBy.js';
import { writeFields, type Change } from './changes.js';
import { closingFields, closingLines, EXIT, writeReport } from './closing.js';
import { describePlace, type DatabaseFacts } from './database.js';
import { toFieldsEntry } from './entryKinds.js';
import { Journal, type JournalWriter } from './journal.js';
import { ProgressBar } from './progress.js';
import {
  addCounts,
  describeCounts,
  JsonReport,
  TextReport,
  toStandardOutput,
  type Print,
  type Report,
} from './report.js';
import type { Stored } from './stored.js';
import type { Counts, Finding, Note, Step, Task, Yielded } from './task.js';
import type { TaskContext } from './taskContext.js';
import { CannotRun, Stopped } from './taskErrors.js';

export interface FrameOptions {
  dryRun: boolean;
  yes: boolean;
  json: boolean;
  journal: string | undefined;
  allowEmpty: boolean;
  /**
   * Adds changes, notes and problems one by one to the JSON report.
   * Only tasks with `fields` have this option: the reports of other tasks always contain them.
   */
  details: boolean;
  /** File that receives the fields of the JSON report; only for tasks with `fields`. */
  report: string | undefined;
}

/** Environment of a task run. */
export interface Surroundings {
  connection: mongoose.Connection;
  database: DatabaseFacts;
  dataDir: string;
  /** Base directory of relative paths given on the command line. */
  calledFrom: string;
  isStopping: () => boolean;
  /** Receives the report; standard output by default. */
  print?: Print;
}

/** Number of steps written in one batch. */
const MAX_TOGETHER = 500;

const isStep = (one: Yielded): one is Step => !('note' in one) && !('problem' in one);
const isFinding = (one: Yielded): one is Finding => 'problem' in one;
const isTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/**
 * Runs before the database is opened. @throws CannotRun when confirmation is needed and there is no terminal to ask on.
 */
export function requireAnswer(task: Task, { dryRun, yes }: FrameOptions): void {
  if (task.kind === 'check' || dryRun || yes || isTerminal()) return;
  throw new CannotRun(
    'There is no terminal to ask for confirmation: add --yes, or --dry-run to see what would change.',
  );
}

/** Runs one task and reports the result. An instance runs once. */
export class TaskRun {
  readonly #startedAt = new Date();
  readonly #progress: ProgressBar;
  readonly #report: Report;
  readonly #journal: Journal;
  #counts: Counts = {};
  #problems = 0;
  /** Independent steps that are running in parallel. */
  readonly #running = new Set<Promise<void>>();
  /** The first error of a parallel step. */
  #failure: { error: unknown } | undefined;

  constructor(
    readonly task: Task,
    readonly options: FrameOptions,
    readonly surroundings: Surroundings,
  ) {
    const { connection, dataDir, calledFrom, print = toStandardOutput } = surroundings;
    const stamp = this.#startedAt.toISOString().replaceAll(/[:.]/g, '-');
    this.#progress = new ProgressBar(task.name);
    const isWhole = task.fields === undefined;
    this.#report = options.json
      ? new JsonReport(print, {
          database: isWhole,
          details: isWhole || options.details,
          announce: surroundings.print === undefined ? (line) => process.stderr.write(line) : () => undefined,
        })
      : new TextReport(print);
    this.#journal = new Journal(
      options.journal === undefined
        ? join(resolve(dataDir), 'journal', `${stamp}-${task.name}-${process.pid}.jsonl`)
        : resolve(calledFrom, options.journal),
      { task: task.name, database: connection.name },
    );
  }

  /**
   * @param given the task's own options.
   * @returns the exit code. @throws CannotRun.
   */
  async run(given: unknown): Promise<number> {
    this.#journal.head.options = ownOptions(given);
    try {
      const code = await this.#run(given);
      if (this.task.kind === 'change' && !this.options.dryRun) await this.#journal.finish();
      await this.#end(code);
      return code;
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      await this.#end(EXIT.stopped);
      return EXIT.stopped;
    } finally {
      this.#progress.end();
      await this.#journal.close();
    }
  }

  async #run(given: unknown): Promise<number> {
    const { task, options } = this;
    await this.#report.begin(this.surroundings.database);
    if (task.kind === 'check') {
      await this.#survey(given, { shown: true });
      return this.#problems > 0 ? EXIT.problems : EXIT.fine;
    }
    if (options.dryRun) {
      const steps = await this.#survey(given, { shown: true });
      return steps + this.#problems > 0 ? EXIT.problems : EXIT.fine;
    }
    if (!options.yes) {
      const steps = await this.#survey(given, { shown: false });
      if (steps > 0 && !(await this.#ask())) throw new CannotRun('Nothing was changed.');
      // The survey has already counted these. The run counts them again.
      this.#counts = {};
      this.#problems = 0;
    }
    await this.#work(given);
    return this.#problems > 0 ? EXIT.problems : EXIT.fine;
  }

  /** Lists the steps without applying them. @returns the number of steps. */
  async #survey(given: unknown, { shown }: { shown: boolean }): Promise<number> {
    let steps = 0;
    for await (const one of this.#steps(given, { isTrial: true })) {
      addCounts(this.#counts, one.counts);
      if (isStep(one)) {
        steps += 1;
        if (shown) for (const line of one.lines) await this.#report.change(line);
      } else if (isFinding(one)) {
        this.#problems += 1;
        if (shown) await this.#report.problem(one.problem, one.details);
      } else if (shown) await this.#note(one);
    }
    return steps;
  }

  async #ask(): Promise<boolean> {
    this.#progress.end();
    const place = describePlace(this.surroundings.database);
    const message = `${this.task.name} on ${place}: ${describeCounts({ counts: this.#counts })}. Every change is written to ${this.#journal.path} first. Continue?`;
    return confirm({ message, default: false }, { output: process.stderr });
  }

  async #work(given: unknown): Promise<void> {
    try {
      await this.#doSteps(given);
      await this.#allDone();
    } finally {
      await Promise.allSettled(this.#running);
    }
  }

  async #doSteps(given: unknown): Promise<void> {
    let waiting: Step[] = [];
    const flush = async (): Promise<void> => {
      const steps = waiting;
      waiting = [];
      await this.#doAll(steps);
    };
    for await (const one of this.#steps(given, { isTrial: false })) {
      if (isStep(one)) {
        waiting.push(one);
        if (one.apply !== undefined || waiting.length >= MAX_TOGETHER) await flush();
        continue;
      }
      addCounts(this.#counts, one.counts);
      if (isFinding(one)) {
        this.#problems += 1;
        await this.#report.problem(one.problem, one.details);
      } else {
        await flush();
        await this.#note(one);
      }
    }
    await flush();
  }

  async #note({ lines = [] }: Note): Promise<void> {
    for (const line of lines) await this.#report.note(line);
  }

  async *#steps(given: unknown, { isTrial }: { isTrial: boolean }): AsyncGenerator<Yielded> {
    for await (const one of this.task.steps(this.#context(isTrial), given)) {
      if (this.surroundings.isStopping()) throw new Stopped();
      this.#throwFailure();
      yield one;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #allDone(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#throwFailure();
  }

  /** Field changes of all steps share one write to the journal and one bulk write per collection. */
  async #doAll(steps: readonly Step[]): Promise<void> {
    const changes = steps.flatMap((step) => step.changes ?? []);
    await this.#journal.write(changes.map(toFieldsEntry));
    const lostRaces = await writeAll(this.surroundings.connection, changes);
    // Steps with `apply` are counted when they are done: they can be stopped in the middle.
    for (const { apply, counts } of steps) if (apply === undefined) addCounts(this.#counts, counts);
    if (lostRaces > 0) addCounts(this.#counts, { changedMeanwhile: lostRaces });
    const journal: JournalWriter = { write: (entries) => this.#journal.write(entries) };
    for (const { apply, counts, isIndependent } of steps) {
      if (apply === undefined) continue;
      const done = async (): Promise<void> => {
        const more = await apply(journal);
        addCounts(this.#counts, counts);
        addCounts(this.#counts, more);
      };
      if (isIndependent === true) this.#begin(done());
      else {
        await this.#allDone();
        await done();
      }
    }
  }

  #begin(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(watched));
    this.#running.add(watched);
  }

  #context(isTrial: boolean): TaskContext {
    const { connection, dataDir, calledFrom, isStopping } = this.surroundings;
    return {
      connection,
      dataDir,
      isStopping,
      isTrial,
      allowEmpty: this.options.allowEmpty,
      collection: (name) => connection.collection<Stored>(name),
      progress: this.#progress,
      pathOf: (path) => resolve(calledFrom, path),
    };
  }

  async #end(code: number): Promise<void> {
    this.#progress.end();
    const { task, options } = this;
    const isTrial = task.kind === 'change' && options.dryRun;
    const closing = {
      task,
      code,
      dryRun: options.dryRun,
      outcome: { counts: this.#counts, problems: this.#problems, startedAt: this.#startedAt, isTrial },
      journal: this.#journal.entries > 0 ? this.#journal.path : undefined,
    };
    const fields = closingFields(closing);
    await this.#report.end(closingLines(closing), fields);
    if (options.report === undefined || code === EXIT.stopped) return;
    await writeReport(resolve(this.surroundings.calledFrom, options.report), fields);
  }
}

const FRAME_OPTIONS = new Set(['dryRun', 'yes', 'json', 'journal', 'allowEmpty']);

/** Returns the options without those of the frame. A run continues an interrupted run when these are equal. */
function ownOptions(given: unknown): Record<string, unknown> {
  const options = Object.entries(typeof given === 'object' && given !== null ? given : {});
  return Object.fromEntries(options.filter(([name]) => !FRAME_OPTIONS.has(name)));
}

/** Writes field changes. @returns the number of changes whose documents another writer changed after they were read. */
async function writeAll(connection: mongoose.Connection, changes: readonly Change[]): Promise<number> {
  let lostRaces = 0;
  for (const [name, group] of groupBy(changes, ({ collection }) => collection)) {
    lostRaces += await writeFields(connection.collection<Stored>(name), group);
  }
  return lostRaces;
}
