import { join, resolve } from 'node:path';
import confirm from '@inquirer/confirm';
import type mongoose from 'mongoose';
import { groupBy } from '../../../backend/src/utils/groupBy.js';
import { writeFields, type Change } from './changes.js';
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
import {
  CannotRun,
  Stopped,
  type Counts,
  type Finding,
  type Outcome,
  type Step,
  type Stored,
  type Task,
  type TaskContext,
  type Yielded,
} from './task.js';

export const EXIT = { fine: 0, problems: 1, couldNotRun: 2, stopped: 3 } as const;

export interface FrameOptions {
  dryRun: boolean;
  yes: boolean;
  json: boolean;
  journal: string | undefined;
}

/** Where a task runs: the database, the data folder, and who may want it to stop. */
export interface Surroundings {
  connection: mongoose.Connection;
  dataDir: string;
  /** Where relative paths of the command line begin. */
  calledFrom: string;
  isStopping: () => boolean;
  /** Where the report goes; standard output where nothing is said. */
  print?: Print;
}

/** Steps that may be done together. */
const MAX_TOGETHER = 500;

const isStep = (one: Yielded): one is Step => 'lines' in one;
const isFinding = (one: Yielded): one is Finding => 'problem' in one;
const isTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** @throws CannotRun before anything is opened, when nobody could be asked. */
export function requireAnswer(task: Task, { dryRun, yes }: FrameOptions): void {
  if (task.kind === 'check' || dryRun || yes || isTerminal()) return;
  throw new CannotRun(
    'There is no terminal to ask on whether to go ahead: give --yes, or --dry-run to see what would change.',
  );
}

/** Runs one task to its end and says how it went. One run at a time. */
export class TaskRun {
  readonly #startedAt = new Date();
  readonly #progress: ProgressBar;
  readonly #report: Report;
  readonly #journal: Journal;
  #counts: Counts = {};
  #problems = 0;
  /** Steps that are being done beside the one in hand, and what went wrong with one of them. */
  readonly #beside = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  constructor(
    readonly task: Task,
    readonly options: FrameOptions,
    readonly surroundings: Surroundings,
  ) {
    const { connection, dataDir, calledFrom, print = toStandardOutput } = surroundings;
    const stamp = this.#startedAt.toISOString().replaceAll(/[:.]/g, '-');
    this.#progress = new ProgressBar(task.name);
    this.#report = options.json ? new JsonReport(print) : new TextReport(print);
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
    try {
      const code = await this.#run(given);
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
    }
    await this.#work(given);
    return this.#problems > 0 ? EXIT.problems : EXIT.fine;
  }

  /** Goes through what there is to do without doing it. @returns how many steps there are. */
  async #survey(given: unknown, { shown }: { shown: boolean }): Promise<number> {
    let steps = 0;
    for await (const one of this.#steps(given)) {
      addCounts(this.#counts, one.counts);
      if (isStep(one)) {
        steps += 1;
        if (shown) for (const line of one.lines) await this.#report.change(line);
      } else if (isFinding(one)) {
        this.#problems += 1;
        if (shown) await this.#report.problem(one.problem, one.details);
      }
    }
    return steps;
  }

  async #ask(): Promise<boolean> {
    this.#progress.end();
    const message = `${this.task.name}: ${describeCounts({ counts: this.#counts })}. Every change is written to ${this.#journal.path} first. Go ahead?`;
    const isAgreed = await confirm({ message, default: false }, { output: process.stderr });
    this.#counts = {};
    this.#problems = 0;
    return isAgreed;
  }

  async #work(given: unknown): Promise<void> {
    try {
      await this.#doSteps(given);
      await this.#allDone();
    } finally {
      await Promise.allSettled(this.#beside);
    }
  }

  async #doSteps(given: unknown): Promise<void> {
    let waiting: Step[] = [];
    const flush = async (): Promise<void> => {
      const steps = waiting;
      waiting = [];
      await this.#doAll(steps);
    };
    for await (const one of this.#steps(given)) {
      if (isStep(one)) {
        waiting.push(one);
        if (one.apply !== undefined || waiting.length >= MAX_TOGETHER) await flush();
        continue;
      }
      addCounts(this.#counts, one.counts);
      if (isFinding(one)) {
        this.#problems += 1;
        await this.#report.problem(one.problem, one.details);
      } else await flush();
    }
    await flush();
  }

  async *#steps(given: unknown): AsyncGenerator<Yielded> {
    for await (const one of this.task.steps(this.#context(), given)) {
      if (this.surroundings.isStopping()) throw new Stopped();
      this.#throwFailure();
      yield one;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #allDone(): Promise<void> {
    await Promise.allSettled(this.#beside);
    this.#throwFailure();
  }

  /** Steps that are only changes of fields share a write to the journal and one to the database. */
  async #doAll(steps: readonly Step[]): Promise<void> {
    const changes = steps.flatMap((step) => step.changes ?? []);
    await this.#journal.write(changes.map(toFieldsEntry));
    const outrun = await writeAll(this.surroundings.connection, changes);
    for (const { counts } of steps) addCounts(this.#counts, counts);
    if (outrun > 0) addCounts(this.#counts, { changedMeanwhile: outrun });
    const journal: JournalWriter = { write: (entries) => this.#journal.write(entries) };
    for (const { apply, isIndependent } of steps) {
      if (apply === undefined) continue;
      const done = async (): Promise<void> => addCounts(this.#counts, await apply(journal));
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
      .finally(() => this.#beside.delete(watched));
    this.#beside.add(watched);
  }

  #context(): TaskContext {
    const { connection, dataDir, calledFrom, isStopping } = this.surroundings;
    return {
      connection,
      dataDir,
      isStopping,
      collection: (name) => connection.collection<Stored>(name),
      progress: this.#progress,
      pathOf: (path) => resolve(calledFrom, path),
    };
  }

  async #end(code: number): Promise<void> {
    this.#progress.end();
    const { task, options } = this;
    const outcome: Outcome = { counts: this.#counts, problems: this.#problems, startedAt: this.#startedAt };
    const journal = this.#journal.entries > 0 ? this.#journal.path : undefined;
    const usual = {
      timestamp: this.#startedAt.toISOString(),
      task: task.name,
      dryRun: options.dryRun,
      counts: this.#counts,
      problems: this.#problems,
      ...(journal !== undefined && { journal }),
      status: STATUS[code],
    };
    const verb = options.dryRun && task.kind === 'change' ? 'would be changed' : 'done';
    const lines = [
      `${task.name}: ${describeCounts(outcome) || 'nothing to do'} (${code === EXIT.stopped ? 'stopped; run it again to go on' : verb}).`,
      ...(this.#problems > 0 ? [`Problems: ${this.#problems}.`] : []),
      ...(journal === undefined ? [] : [`Journal: ${journal} (npm run data -- undo ${journal})`]),
    ];
    const isWhole = code !== EXIT.stopped && task.fields !== undefined;
    await this.#report.end(lines, isWhole ? (task.fields?.(outcome) ?? usual) : usual);
  }
}

const STATUS: Record<number, string> = {
  [EXIT.fine]: 'ok',
  [EXIT.problems]: 'problems',
  [EXIT.stopped]: 'stopped',
};

/** How many were changed by somebody else between the reading and now. */
async function writeAll(connection: mongoose.Connection, changes: readonly Change[]): Promise<number> {
  let outrun = 0;
  for (const [name, group] of groupBy(changes, ({ collection }) => collection)) {
    outrun += await writeFields(connection.collection<Stored>(name), group);
  }
  return outrun;
}
