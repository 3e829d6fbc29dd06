import * as fc from 'fast-check';
import { test } from 'vitest';
import { COMMANDS } from './commands.js';
import { PHONES, ServerSlot, World } from './world.js';

/**
 * Users write, edit, delete, react and read on three phones while networks fail, apps are killed and the server restarts. At the
 * end every phone shows exactly the server's history: every message once, in the order of writing, statuses never went back, and
 * nothing waits in an outbox.
 *
 * `SDK_MODEL_RUNS` runs more of it; `SDK_MODEL_SEED` repeats a run (fast-check also prints the path to a counterexample).
 */
const RUNS = Number(process.env['SDK_MODEL_RUNS'] ?? 8);
const SEED = Number(process.env['SDK_MODEL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Properties that run at a time, each with a server of its own: they mostly wait. */
const AT_A_TIME = 2;
const MOST_COMMANDS = 25;
/** A bound for shrinking, in ms. */
const INTERRUPT_MS = 900_000;

test.concurrent.for(Array.from({ length: AT_A_TIME }, (_, index) => SEED + index))(
  'whatever happens, every client ends with the history of the server (seed %i)',
  { timeout: INTERRUPT_MS * 2 },
  async (seed) => {
    console.log(`model: SDK_MODEL_SEED=${seed} SDK_MODEL_RUNS=${RUNS}`);
    await using slot = await ServerSlot.start();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.commands(COMMANDS, { maxCommands: MOST_COMMANDS, size: '+1' }),
        async (commands) => {
          runs += 1;
          await using world = await World.create(slot, `${seed}-${runs}`);
          const running = PHONES.map(() => true);
          await fc.asyncModelRun(() => ({ model: { running }, real: world }), commands);
          await world.settle();
        },
      ),
      {
        numRuns: Math.ceil(RUNS / AT_A_TIME),
        seed,
        interruptAfterTimeLimit: INTERRUPT_MS,
        // Shrinking repeats the property many times.
        endOnFailure: process.env['SDK_MODEL_SHRINK'] === undefined,
      },
    );
  },
);
