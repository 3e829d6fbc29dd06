import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { Command, CommanderError, Option } from 'commander';
import { ConfigError, readConfig } from '../../backend/src/config.js';
import { connectDatabase } from '../../backend/src/database/connect.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { EXIT, requireAnswer, TaskRun, type FrameOptions } from './frame/runTask.js';
import { CannotRun, type Task } from './frame/task.js';
import { TASKS } from './tasks.js';

const EPILOGUE = `
The database is that of the server: MONGODB_URI, DATABASE_NAME or DATA_DIR, from the environment or .env, whether the
server is running or not. Ctrl-C finishes the step in hand; run the same again to go on.
Exit codes: 0 fine, 1 problems found (or, in a dry run, something to change), 2 could not run, 3 stopped: run again.`;

let signals = 0;
const isStopping = (): boolean => signals > 0;

function onSignal(): void {
  signals += 1;
  // The second time somebody means it: whatever is half done is finished by the next run.
  if (signals > 1) process.exit(EXIT.stopped);
  process.stderr.write('\nFinishing the step in hand; once more ends it at once.\n');
}

async function run(task: Task, frame: FrameOptions, given: unknown): Promise<number> {
  task.checkOptions(given);
  requireAnswer(task, frame);
  if (existsSync('.env')) loadEnvFile('.env');
  // Only the database is used; a token's key is not needed for it.
  const config = readConfig({ ...process.env, NODE_ENV: 'development' });
  const database = await connectDatabase(config, createLogger({ level: 'silent', pretty: false })).catch(
    (error: unknown) => {
      throw new CannotRun(`The database cannot be reached: ${messageOf(error)}`);
    },
  );
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const calledFrom = process.env['PARLEY_CALLED_FROM'] ?? process.cwd();
  const surroundings = { connection: database.connection, dataDir: config.DATA_DIR, calledFrom, isStopping };
  try {
    return await new TaskRun(task, frame, surroundings).run(given);
  } finally {
    await database.close();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function addTask(program: Command, task: Task): void {
  const command = program
    .command([task.name, ...(task.args ?? [])].join(' '))
    .summary(task.summary)
    .description(`${task.summary}.${task.help === undefined ? '' : `\n\n${task.help}`}`)
    .option('--json', 'the report as one JSON object')
    .addHelpText('after', EPILOGUE);
  for (const option of task.options ?? []) command.addOption(option);
  if (task.kind === 'change') {
    command
      .option('--dry-run', 'show everything that would change, and change nothing')
      .option('--yes', 'change without asking')
      .addOption(
        new Option('--journal <file>', 'what will change is written there (default: in DATA_DIR/journal)'),
      );
  }
  const words = (task.args ?? []).map((arg) => arg.replaceAll(/[<>[\]]/g, ''));
  command.action(async (...values: unknown[]) => {
    const options = command.opts<Record<string, unknown>>();
    const named = Object.fromEntries(words.map((word, place) => [word, values[place]]));
    const frame: FrameOptions = {
      dryRun: options['dryRun'] === true,
      yes: options['yes'] === true,
      json: options['json'] === true,
      journal: typeof options['journal'] === 'string' ? options['journal'] : undefined,
    };
    process.exitCode = await run(task, frame, { ...options, ...named });
  });
}

const program = new Command('npm run data --')
  .description('Repairs, checks and migrates what is stored.')
  .addHelpText('after', EPILOGUE)
  .exitOverride()
  .showHelpAfterError('(--help says what there is)');
for (const task of TASKS) addTask(program, task);

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.couldNotRun;
  else {
    const isExpected = error instanceof CannotRun || error instanceof ConfigError;
    const isLeft = error instanceof Error && error.name === 'ExitPromptError';
    const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${isLeft ? 'Nothing was changed.' : isExpected ? messageOf(error) : unexpected}\n`);
    process.exitCode = isLeft ? EXIT.stopped : EXIT.couldNotRun;
  }
}
