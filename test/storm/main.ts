import { readOptions, USAGE, WrongOption, type StormOptions } from './options.js';
import { formatOutcome, writeEvidence } from './report.js';
import { Stage } from './stage.js';
import { seconds, storm } from './storm.js';

const HELD = 0;
const BROKEN = 1;
const COULD_NOT_RUN = 2;

async function run(options: StormOptions): Promise<number> {
  const startedMs = performance.now();
  const print = options.json ? console.error : console.log;
  const say = (line: string): void =>
    print(`[${seconds(performance.now() - startedMs).padStart(9)}] ${line}`);
  await using stage = await Stage.open(options, say);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // A second signal ends the process at once.
    process.once(signal, () => void stage[Symbol.asyncDispose]().then(() => process.exit(COULD_NOT_RUN)));
  }
  const outcome = await storm(stage).catch((error: unknown) => {
    print(`the servers said:\n${stage.cluster.allOutput().slice(-4_000)}`);
    throw error;
  });
  const { verdict, faults, tally } = outcome;
  print(formatOutcome(outcome));
  const held = Object.keys(verdict.counts).length === 0;
  if (options.json)
    console.log(JSON.stringify({ held, seed: options.seed, options, faults, tally, verdict }, null, 2));
  if (!held) print(`evidence: ${(await writeEvidence(outcome)).join(', ')}`);
  return held ? HELD : BROKEN;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return HELD;
  }
  try {
    return await run(options);
  } catch (error) {
    console.error(`seed ${options.seed}: the test could not run.`, error);
    return COULD_NOT_RUN;
  }
}

try {
  // Exits explicitly: pending retries would keep the process alive.
  process.exit(await main());
} catch (error) {
  console.error(error instanceof WrongOption ? error.message : error);
  process.exit(COULD_NOT_RUN);
}
