import { z } from 'zod';
import { COMMON_KINDS, type EntryKind, type JournalEntry } from '../frame/entryKinds.js';
import { JournalFile } from '../frame/journal.js';
import { CannotRun, defineTask, type Finding, type Step, type TaskContext } from '../frame/task.js';

const kinds = new Map<string, EntryKind>(COMMON_KINDS.map((kind) => [kind.kind, kind]));

export function addEntryKinds(more: readonly EntryKind[]): void {
  for (const kind of more) kinds.set(kind.kind, kind);
}

function kindOf(entry: JournalEntry): EntryKind {
  const kind = kinds.get(entry.kind);
  if (kind === undefined)
    throw new CannotRun(`The journal holds ${entry.kind}, which this version cannot undo.`);
  return kind;
}

const MAX_REASONS = 20;

/** All of it or nothing: whether everything can be taken back is asked before the first entry is. */
async function requireAll(journal: JournalFile, context: TaskContext): Promise<void> {
  context.progress.total(journal.length, 'checking');
  const reasons: string[] = [];
  let refused = 0;
  for await (const entry of journal.backwards()) {
    const verdict = await kindOf(entry).judge(entry, context);
    if (typeof verdict === 'object') {
      refused += 1;
      if (reasons.length < MAX_REASONS) reasons.push(verdict.refusal);
    }
    context.progress.advance();
  }
  if (refused === 0) return;
  const more = refused > reasons.length ? `\n  … and ${refused - reasons.length} more` : '';
  throw new CannotRun(
    `This cannot be taken back, and nothing was: people have written since.\n  ${reasons.join('\n  ')}${more}`,
  );
}

async function* takeBack(journal: JournalFile, context: TaskContext): AsyncGenerator<Step | Finding> {
  context.progress.total(journal.length);
  for await (const entry of journal.backwards()) {
    const kind = kindOf(entry);
    const verdict = await kind.judge(entry, context);
    context.progress.advance();
    if (verdict === 'skip') continue;
    if (typeof verdict === 'object') {
      yield { problem: `not taken back: ${verdict.refusal}` };
      continue;
    }
    yield {
      lines: [`take back: ${describe(entry)}`],
      counts: { takenBack: 1 },
      apply: async () => {
        await kind.undo(entry, context);
        return undefined;
      },
    };
  }
}

const describe = ({ kind, collection, id }: JournalEntry): string =>
  [kind, collection, id]
    .filter((part) => part !== undefined)
    .map(String)
    .join(' ');

export const undo = defineTask({
  name: 'undo',
  summary: 'takes back what a task has changed, from its journal',
  help: 'Where people have written to what it changed, it says so, refuses, and takes back nothing.',
  args: ['<journal>'],
  kind: 'change',
  schema: z.object({ journal: z.string() }),
  async *steps(context, options) {
    const journal = await JournalFile.open(context.pathOf(options.journal));
    try {
      if (journal.head.database !== context.connection.name) {
        throw new CannotRun(`This journal is of the database ${journal.head.database}.`);
      }
      await requireAll(journal, context);
      yield* takeBack(journal, context);
    } finally {
      await journal.close();
    }
  },
});
