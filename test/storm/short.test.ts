import { expect, test } from 'vitest';
import { checkHistory, formatVerdict } from './checker/checker.js';
import { mutate, MUTATIONS, NoMaterial } from './checker/mutations/index.js';
import { FAULT_KINDS } from './faults/schedule.js';
import { randomSeed, type StormOptions } from './options.js';
import { formatOutcome, writeEvidence } from './report.js';
import { Stage } from './stage.js';
import { storm, type Outcome } from './storm.js';

/** One of each kind of fault, fewer users, shorter pauses. `npm run test:faults` is the long form. */
const SHORT: StormOptions = {
  seed: 2,
  also: randomSeed(),
  minutes: 1,
  clients: 20,
  idle: 60,
  backlog: 200,
  pauseMs: 6_000,
  once: true,
  sabotage: undefined,
  server: undefined,
  json: false,
};
/** Guards against hanging only: a busy machine takes several times the 80 s of a quiet one. */
const TIMEOUT_MS = 900_000;

async function run(options: StormOptions): Promise<Outcome> {
  // Printed at once: after a time-out it shows how far the run got.
  await using stage = await Stage.open(options, (line) => console.log(line));
  const outcome = await storm(stage);
  if (Object.keys(outcome.verdict.counts).length > 0) {
    const files = await writeEvidence(outcome);
    throw new Error(`${formatOutcome(outcome)}\nevidence: ${files.join(', ')}`);
  }
  return outcome;
}

/** Breaks the promises in the recorded history, one at a time. @returns the mutations that the checker did not find. */
function unnoticed({ stage, final, options }: Outcome): { missed: string[]; tried: number } {
  const recorded = { seed: options.seed, events: stage.log.events, final };
  const missed: string[] = [];
  let tried = 0;
  for (const [name, mutation] of Object.entries(MUTATIONS)) {
    try {
      const broken = mutate(recorded, mutation);
      tried += 1;
      const verdict = checkHistory(broken);
      if (verdict.counts[mutation.rule] === undefined) missed.push(`${name}:\n${formatVerdict(verdict)}`);
    } catch (error) {
      if (!(error instanceof NoMaterial)) throw error;
    }
  }
  return { missed, tried };
}

test(
  'three servers, their database and their Redis are faulted in every way, and nothing is lost, duplicated, reordered or leaked',
  async () => {
    const { seed, also, clients, idle, backlog } = SHORT;
    const again = `--once --pause-s 6 --clients ${clients} --idle ${idle} --backlog ${backlog} --seed ${seed}`;
    console.log(`the storm of this run again: npm run test:faults -- ${again} --also ${also ?? seed}`);
    const outcome = await run(SHORT);
    expect(new Set(outcome.faults.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    // A run without activity would prove nothing.
    const { tally } = outcome;
    for (const count of [tally.acked, tally.heardLive, tally.fetched, tally.positions]) {
      expect(count).toBeGreaterThan(100);
    }
    for (const count of [tally.retries, tally.duplicates, tally.trespasses, tally.spotChecks]) {
      expect(count).toBeGreaterThan(0);
    }
    const { missed, tried } = unnoticed(outcome);
    expect(missed).toEqual([]);
    expect(tried).toBeGreaterThan(30);
  },
  TIMEOUT_MS,
);
