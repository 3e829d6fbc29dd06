import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { JOURNAL_FORMAT, JournalFile, type JournalHead } from './journalFile.js';
import { CannotRun } from './taskErrors.js';

/*
 * The next run with the same options completes a run that was stopped or killed, and writes its own journal.
 * The changes of these runs can only be undone together: later runs build on the changes of earlier ones.
 */

/**
 * Opens the given journals and the other journals of the same runs, which are searched in the same folder.
 *
 * @returns oldest first. @throws CannotRun.
 */
export async function openRuns(paths: readonly string[]): Promise<JournalFile[]> {
  const opened = new Map<string, JournalFile>();
  try {
    for (const path of paths) await openRun(resolve(path), opened);
  } catch (error) {
    for (const journal of opened.values()) await journal.close();
    throw error;
  }
  return [...opened.values()].sort(byTime);
}

const byTime = (a: JournalFile, b: JournalFile): number =>
  a.head.at === b.head.at ? (a.path < b.path ? -1 : 1) : a.head.at < b.head.at ? -1 : 1;

async function openRun(path: string, opened: Map<string, JournalFile>): Promise<void> {
  if (opened.has(path)) return;
  const named = await JournalFile.open(path);
  opened.set(path, named);
  if (named.head.options === undefined) return;
  const others = await openMatching(named.path, runKey(named.head));
  const all = [...others, named].sort(byTime);
  const position = all.indexOf(named);
  const first = all.findLastIndex(({ isEnded }, index) => index < position && isEnded) + 1;
  const end = all.findIndex(({ isEnded }, index) => index >= position && isEnded);
  const run = new Set(all.slice(first, end === -1 ? undefined : end + 1));
  for (const journal of others) {
    if (run.has(journal) && !opened.has(journal.path)) opened.set(journal.path, journal);
    else await journal.close();
  }
}

/** Opens the other journals in the folder of `path` that were written with these options on this database. */
async function openMatching(path: string, key: string): Promise<JournalFile[]> {
  const folder = dirname(path);
  const names = existsSync(folder) ? await readdir(folder) : [];
  const found: JournalFile[] = [];
  for (const name of names.filter((one) => one.endsWith('.jsonl'))) {
    const other = join(folder, name);
    if (other === path) continue;
    const journal = await JournalFile.open(other).catch(ignoreOtherFiles);
    if (journal === undefined) continue;
    if (runKey(journal.head) === key) found.push(journal);
    else await journal.close();
  }
  return found;
}

const runKey = ({ journal, task, database, options }: JournalHead): string =>
  JSON.stringify([journal, task, database, options]);

/** Files in the folder that are not journals are skipped. */
function ignoreOtherFiles(error: unknown): undefined {
  if (!(error instanceof CannotRun)) throw error;
}

/** True when the newest other journal of a run with the same options has no end line: the run was stopped or killed. */
export async function isRunOpen(path: string, head: Omit<JournalHead, 'journal' | 'at'>): Promise<boolean> {
  const key = runKey({ ...head, journal: JOURNAL_FORMAT, at: '' });
  const others = await openMatching(path, key);
  for (const journal of others) await journal.close();
  return others.sort(byTime).at(-1)?.isEnded === false;
}
