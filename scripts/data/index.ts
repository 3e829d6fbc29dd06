import { Command, CommanderError, Option } from 'commander';
import { ConfigError } from '../../backend/src/config.js';
import { EXIT } from './frame/closing.js';
import { ALLOW_EMPTY, NothingThere, openDatabase } from './frame/database.js';
import { requireAnswer, TaskRun, type FrameOptions } from './frame/runTask.js';
import { toOptionName, type Task } from './frame/task.js';
import { CannotRun } from './frame/taskErrors.js';
import { TASKS } from './tasks.js';

const EPILOGUE = `
The command uses the database of the server: MONGODB_URI, DATABASE_NAME or DATA_DIR, from the environment or .env. The
server may be running. The first line of the output names the database. Ctrl-C completes the current step; run the same
command again to continue. Exit codes: 0 fine, 1 problems found (or, in a dry run, something to change), 2 could not
run, 3 stopped: run again, 4 the database holds nothing of Parley, or the source is empty.`;

let signals = 0;
const isStopping = (): boolean => signals > 0;

function onSignal(): void {
  signals += 1;
  // The second signal ends the process at once. The next run completes a step that was interrupted.
  if (signals > 1) process.exit(EXIT.stopped);
  process.stderr.write('\nCompleting the current step. A second Ctrl-C ends the command at once.\n');
}

async function run(task: Task, frame: FrameOptions, given: unknown): Promise<number> {
  task.checkOptions(given);
  requireAnswer(task, frame);
  const { config, database, facts } = await openDatabase(frame);
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const calledFrom = process.env['PARLEY_CALLED_FROM'] ?? process.cwd();
  const surroundings = {
    connection: database.connection,
    database: facts,
    dataDir: config.DATA_DIR,
    calledFrom,
    isStopping,
  };
  try {
    return await new TaskRun(task, frame, surroundings).run(given);
  } finally {
    await database.close();
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function addTask(program: Command, task: Task): void {
  const command = program
    .command([task.name, ...(task.args ?? [])].join(' '))
    .summary(task.summary)
    .description(`${task.summary}.${task.help === undefined ? '' : `\n\n${task.help}`}`)
    .option('--json', 'print the report as one JSON object')
    .option(ALLOW_EMPTY, 'continue when the database or a source is empty or missing')
    .addHelpText('after', EPILOGUE);
  if (task.fields !== undefined) {
    command
      .option('--details', 'add every finding to the JSON report')
      .option('--report <file>', 'write the fields of the JSON report to this file');
  }
  for (const option of task.options ?? []) command.addOption(option);
  if (task.kind === 'change') {
    command
      .option('--dry-run', 'show everything that would change, and change nothing')
      .option('--yes', 'change without asking for confirmation')
      .addOption(
        new Option(
          '--journal <file>',
          'write the journal to this file (default: a new one in DATA_DIR/journal)',
        ),
      );
  }
  const words = (task.args ?? []).map((arg) => arg.replaceAll(/[<>[\].]/g, ''));
  command.action(async (...values: unknown[]) => {
    const options = command.opts<Record<string, unknown>>();
    const named = Object.fromEntries(words.map((word, index) => [word, values[index]]));
    const frame: FrameOptions = {
      dryRun: options['dryRun'] === true,
      yes: options['yes'] === true,
      json: options['json'] === true,
      journal: textOf(options['journal']),
      allowEmpty: options['allowEmpty'] === true,
      details: options['details'] === true,
      report: textOf(options['report']),
    };
    process.exitCode = await run(task, frame, { ...options, ...named });
  });
}

/**
 * Rejects `--olderThanDays`, the camelCase form used in code. Commander suggests only similar names, and this one is
 * too different.
 */
function requireOptionNames(program: Command, args: readonly string[]): void {
  const options = program.commands.find((one) => one.name() === args[0])?.options ?? [];
  for (const arg of args) {
    const given = /^--\w+/.exec(arg)?.[0] ?? '';
    const meant = toOptionName(given);
    if (given === meant || options.every(({ long }) => long !== meant)) continue;
    throw new CannotRun(`There is no option ${given}: its name is ${meant}.`);
  }
}

const program = new Command('npm run data --')
  .description('Repairs, checks and migrates the stored data.')
  .addHelpText('after', EPILOGUE)
  .exitOverride()
  .showHelpAfterError('(--help lists the options)');
for (const task of TASKS) addTask(program, task);

try {
  requireOptionNames(program, process.argv.slice(2));
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.couldNotRun;
  else {
    const isExpected = error instanceof CannotRun || error instanceof ConfigError;
    const isLeft = error instanceof Error && error.name === 'ExitPromptError';
    const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${isLeft ? 'Nothing was changed.' : isExpected ? messageOf(error) : unexpected}\n`);
    const isNothing = error instanceof NothingThere;
    process.exitCode = isLeft ? EXIT.stopped : isNothing ? EXIT.nothingThere : EXIT.couldNotRun;
  }
}
