import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataWorld } from '../../support/dataScript.js';

/** A folder with an export of another system: one file per table, and mappings. */
export interface ExportFolder extends AsyncDisposable {
  table(name: string, rows: readonly unknown[]): Promise<void>;
  /** @returns the path of the mapping. */
  mapping(mapping: object): Promise<string>;
}

export async function createExportFolder(): Promise<ExportFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-export-'));
  let mappings = 0;
  return {
    table: (name, rows) =>
      writeFile(join(folder, `${name}.jsonl`), rows.map((row) => JSON.stringify(row)).join('\n')),
    mapping: async (mapping) => {
      mappings += 1;
      const path = join(folder, `mapping${mappings}.json`);
      await writeFile(path, JSON.stringify(mapping));
      return path;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export const CONVERSATIONS = { file: 'chats.jsonl', id: 'id', participants: 'people' } as const;
export const MESSAGES = {
  ...{ file: 'messages.jsonl', conversation: 'chat', id: 'id', sender: 'from', text: 'text', at: 'at' },
} as const;

/** Runs an import in this process. @returns the problems that it lists. */
export async function importHere(
  world: DataWorld,
  options: { mapping: string; timezone?: string; dryRun?: boolean },
): Promise<{ code: number; counts: Record<string, number>; problems: string[] }> {
  const { code, report } = await world.runHere('import-legacy', options);
  const details = report.details as { problem?: string }[];
  return { code, counts: report.counts, problems: details.flatMap(({ problem }) => problem ?? []) };
}

/** Returns the texts of a database in log order. */
export async function textsIn(world: DataWorld): Promise<string[]> {
  const found = await world.connection
    .collection('messages')
    .find({ controlSeq: { $exists: false } })
    .sort({ conversationId: 1, seq: 1 })
    .toArray();
  return found.map(({ content }) => String(content));
}
