import { writeFile } from 'node:fs/promises';
import { describeCounts } from './report.js';
import type { Outcome, Task } from './task.js';
import { CannotRun } from './taskErrors.js';

/** Exit codes of all commands. */
export const EXIT = { fine: 0, problems: 1, couldNotRun: 2, stopped: 3, nothingThere: 4 } as const;

/** Result of a task run. */
export interface Closing {
  task: Task;
  code: number;
  dryRun: boolean;
  outcome: Outcome;
  /** Path of the journal; undefined when nothing was written to it. */
  journal: string | undefined;
}

const STATUS: Record<number, string> = {
  [EXIT.fine]: 'ok',
  [EXIT.problems]: 'problems',
  [EXIT.stopped]: 'stopped',
};

/** Returns the last lines of a text report: summary, counts, problems, and the journal with its undo command. */
export function closingLines({ task, code, outcome, journal }: Closing): string[] {
  const verb = outcome.isTrial ? 'would be changed' : 'done';
  const state = code === EXIT.stopped ? 'stopped; run it again to continue' : verb;
  return [
    ...(task.summarise?.(outcome) ?? []),
    `${task.name}: ${describeCounts(outcome) || 'nothing to do'} (${state}).`,
    ...(outcome.problems > 0 ? [`Problems: ${outcome.problems}.`] : []),
    ...(journal === undefined ? [] : [`Journal: ${journal} (npm run data -- undo ${journal})`]),
  ];
}

/** Returns the last fields of a JSON report: those that the task defines, unless it was stopped. */
export function closingFields({ task, code, dryRun, outcome, journal }: Closing): Record<string, unknown> {
  const own = code === EXIT.stopped ? undefined : task.fields?.(outcome);
  return (
    own ?? {
      timestamp: outcome.startedAt.toISOString(),
      task: task.name,
      dryRun,
      counts: outcome.counts,
      problems: outcome.problems,
      ...(journal !== undefined && { journal }),
      status: STATUS[code],
    }
  );
}

/** Writes the report file. @throws CannotRun when the file cannot be written. */
export async function writeReport(path: string, fields: Record<string, unknown>): Promise<void> {
  await writeFile(path, `${JSON.stringify(fields, null, 2)}\n`).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CannotRun(`The report ${path} cannot be written: ${reason}.`);
  });
}
