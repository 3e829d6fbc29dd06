import { z } from 'zod';
import {
  areLinked,
  COMMON_KINDS,
  type EntryKind,
  type UndoableEntry,
  type Verdict,
} from '../frame/entryKinds.js';
import { openRuns } from '../frame/journalRuns.js';
import type { JournalFile, JournalLine } from '../frame/journalFile.js';
import { groupBy } from '../../../backend/src/utils/groupBy.js';
import { defineTask, type Finding, type Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { CannotRun } from '../frame/taskErrors.js';

const kinds = new Map<string, EntryKind>(COMMON_KINDS.map((kind) => [kind.kind, kind]));

export function addEntryKinds(more: readonly EntryKind[]): void {
  for (const kind of more) kinds.set(kind.kind, kind);
}

/** @throws CannotRun with the line number when this version cannot parse the entry. */
function parseEntry({ path }: JournalFile, { line, value }: JournalLine): UndoableEntry {
  const name: unknown = value['kind'];
  const kind = typeof name === 'string' ? kinds.get(name) : undefined;
  if (kind === undefined) {
    throw new CannotRun(
      `Line ${line} of the journal ${path} holds ${String(name)}, which this version cannot undo. Nothing was undone.`,
    );
  }
  try {
    return kind.parse(value);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    const where = [name, ...(issue?.path ?? [])].map(String).join('.');
    throw new CannotRun(
      `Line ${line} of the journal ${path} cannot be read (${where}: ${issue?.message ?? ''}). Nothing was undone.`,
    );
  }
}

/** Yields the entries of all journals, newest first. */
async function* entriesOf(journals: readonly JournalFile[]): AsyncGenerator<UndoableEntry> {
  for (const journal of journals.toReversed()) {
    for await (const line of journal.backwards()) yield parseEntry(journal, line);
  }
}

const MAX_REASONS = 20;
/** Limit of refused entries that are checked for links. An interrupted run leaves far fewer. */
const MAX_DOUBTS = 10_000;

interface Refused {
  entry: UndoableEntry;
  refusal: string;
}

/** Undo is all or nothing: checks every entry before the first one is undone. */
async function requireAll(journals: readonly JournalFile[], context: TaskContext): Promise<void> {
  context.progress.total(countOf(journals), 'checking');
  const refused: Refused[] = [];
  let count = 0;
  for await (const entry of entriesOf(journals)) {
    const verdict = await entry.judge(context);
    context.progress.advance();
    if (typeof verdict !== 'object') continue;
    count += 1;
    if (refused.length < MAX_DOUBTS) refused.push({ entry, refusal: verdict.refusal });
  }
  const standing = count > MAX_DOUBTS ? refused : await withoutFollowed(journals, { refused, context });
  if (standing.length === 0) return;
  const more = count - (refused.length - standing.length) - Math.min(standing.length, MAX_REASONS);
  const reasons = standing.slice(0, MAX_REASONS).map(({ refusal }) => `\n  ${refusal}`);
  throw new CannotRun(
    `This cannot be undone, and nothing was: the data has been changed since.${reasons.join('')}${
      more > 0 ? `\n  … and ${more} more` : ''
    }`,
  );
}

/**
 * Removes refusals that are explained by a linked entry. A refused entry is no obstacle when another entry about the
 * same document is linked to it and matches the database: its run was killed before it wrote, or a later change built
 * on it.
 */
async function withoutFollowed(
  journals: readonly JournalFile[],
  { refused, context }: { refused: readonly Refused[]; context: TaskContext },
): Promise<Refused[]> {
  const subjects = new Set(refused.flatMap(({ entry }) => entry.chain?.subject ?? []));
  if (subjects.size === 0) return [...refused];
  const matching: UndoableEntry[] = [];
  for await (const entry of entriesOf(journals)) {
    if (entry.chain === undefined || !subjects.has(entry.chain.subject)) continue;
    if (typeof (await entry.judge(context)) === 'string') matching.push(entry);
  }
  const bySubject = groupBy(matching, ({ chain }) => chain?.subject);
  return refused.filter(({ entry: { chain } }) => {
    const others = chain === undefined ? [] : (bySubject.get(chain.subject) ?? []);
    return !others.some((other) => chain !== undefined && other.chain && areLinked(chain, other.chain));
  });
}

const countOf = (journals: readonly JournalFile[]): number =>
  journals.reduce((sum, { length }) => sum + length, 0);

async function* undoAll(
  journals: readonly JournalFile[],
  context: TaskContext,
): AsyncGenerator<Step | Finding> {
  context.progress.total(countOf(journals));
  /** Refusals of entries that others are linked to. Such an entry matches once the newer ones are undone. */
  const passed = new Map<string, string>();
  const progress = { isDone: false };
  for await (const entry of entriesOf(journals)) {
    const verdict: Verdict = await entry.judge(context);
    context.progress.advance();
    const subject = entry.chain?.subject;
    if (typeof verdict === 'object') passed.set(subject ?? entry.description, verdict.refusal);
    else if (subject !== undefined) passed.delete(subject);
    if (verdict !== 'undo') continue;
    yield {
      lines: [`undo: ${entry.description}`],
      counts: { undone: 1 },
      apply: async () => {
        progress.isDone = true;
        await entry.undo(context);
        return undefined;
      },
    };
  }
  // In a dry run the newer entries have not been undone.
  if (progress.isDone) for (const refusal of passed.values()) yield { problem: `not undone: ${refusal}` };
}

/** Ends undone journals without an end line, so that they never count as part of a later run. */
function* closeAll(journals: readonly JournalFile[]): Generator<Step> {
  for (const journal of journals.filter(({ isEnded, head }) => !isEnded && head.options !== undefined)) {
    yield {
      lines: [`close: ${journal.path}`],
      counts: { journalsClosed: 1 },
      apply: async () => {
        await journal.end();
        return undefined;
      },
    };
  }
}

export const undo = defineTask({
  name: 'undo',
  summary: 'undoes the changes of a task from its journal',
  help: `Refuses, and undoes nothing, where the changed data has been written to since.
A run that was stopped or killed and run again has several journals. Name any one of them: the others of the same run in
the same folder are undone with it, newest first. Several journals may be named, in any order.`,
  args: ['<journal...>'],
  kind: 'change',
  options: [],
  schema: z.object({
    journal: z
      .union([z.string(), z.array(z.string()).min(1)])
      .transform((given) => (typeof given === 'string' ? [given] : given)),
  }),
  async *steps(context, options) {
    const journals = await openRuns(options.journal.map((path) => context.pathOf(path)));
    try {
      for (const { path, head } of journals) {
        if (head.database === context.connection.name) continue;
        throw new CannotRun(`The journal ${path} belongs to the database ${head.database}.`);
      }
      await requireAll(journals, context);
      yield* undoAll(journals, context);
      yield* closeAll(journals);
    } finally {
      for (const journal of journals) await journal.close();
    }
  },
});
