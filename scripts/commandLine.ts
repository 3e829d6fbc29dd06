import type { z } from 'zod';
import { EXIT } from './data/frame/closing.js';
import { NothingThere } from './data/frame/database.js';

/** Arguments that a script does not know, or that do not fit each other. */
export class UsageError extends Error {}

/** Returns a parsed argument. @throws UsageError with `rule`. */
export function checkArgument<Value>(schema: z.ZodType<Value>, given: unknown, rule: string): Value {
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new UsageError(rule);
  return parsed.data;
}

/**
 * Runs the task that the arguments of this process name, and sets the exit code: that of the task, 2 with the usage for wrong
 * arguments, `EXIT.nothingThere` where there is no database, 1 for every other failure.
 */
export async function runCommandLine<Task>({
  usage,
  readTask,
  run,
}: {
  usage: string;
  /** @throws UsageError, or the error of `parseArgs` for an unknown option. */
  readTask: (args: string[]) => Task | 'help';
  run: (task: Task) => Promise<number>;
}): Promise<void> {
  try {
    const task = readTask(process.argv.slice(2));
    if (task === 'help') console.log(usage);
    else process.exitCode = await run(task);
  } catch (error) {
    const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
    console.error(error instanceof Error ? error.message : String(error));
    if (isUsage) console.error(`\n${usage}`);
    process.exitCode = isUsage ? 2 : error instanceof NothingThere ? EXIT.nothingThere : 1;
  }
}
