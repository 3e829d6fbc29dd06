import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const SABOTAGES = ['lose', 'leak', 'backwards'] as const;
export type Sabotage = (typeof SABOTAGES)[number];

/** Options of a run. */
export interface StormOptions {
  seed: number;
  /** A second seed for half of the users and some further faults at the end: varies an otherwise fixed run. */
  also: number | undefined;
  /** Duration of the faults; preparation and checks are added. */
  minutes: number;
  /** Number of users who write; strangers, the absent user and idle connections are added. */
  clients: number;
  /** Number of idle connections that reconnect all at once. */
  idle: number;
  /** Number of messages sent during the month of absence. */
  backlog: number;
  /** Duration of a pause of a process, in ms. */
  pauseMs: number;
  /** Runs each kind of fault once, however long that takes. */
  once: boolean;
  sabotage: Sabotage | undefined;
  /** Entry point of another build to test. */
  server: string | undefined;
  json: boolean;
}

export const USAGE = `Usage: npm run test:faults -- [options]

  --seed N          the same seed gives the same faults in the same order and the same decisions of the clients
                    (a random one; when processes get their turn cannot be repeated)
  --also N          half of the people, and some more faults at the end of --once, follow this other seed
  --minutes M       how long faults go on (5); preparing and checking take about another minute
  --clients N       people who write to each other (60)
  --idle N          connections that come back all at once with them (300)
  --backlog N       messages that pass while somebody is away for a month (1500)
  --pause-s N       how long a paused server sleeps (15)
  --once            one of each kind of fault, whatever --minutes says
  --sabotage KIND   start servers with a fault built in, to see that it is found: ${SABOTAGES.join(', ')}
  --server FILE     test this build (its dist/backend/src/index.js) instead of the checkout's own
  --json            the outcome as JSON on standard output, progress on standard error
  --help            this text

Three servers, a Redis and a database of its own are started, faulted, and stopped again.
The exit code is 0 when every promise held, 1 when one was broken, 2 when the test could not run.
The logs of a run that failed are in test/output/.`;

/** Thrown for invalid options, with a sentence. */
export class WrongOption extends Error {}

function whole(text: string, option: string, min: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min)
    throw new WrongOption(`--${option} must be a whole number from ${min} on.`);
  return value;
}

export const randomSeed = (): number => Math.floor(Math.random() * 1_000_000);

/** @returns the options, or 'help' when the usage was requested. @throws WrongOption. */
export function readOptions(args: string[]): StormOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  const sabotage = SABOTAGES.find((one) => one === values.sabotage);
  if (values.sabotage !== undefined && sabotage === undefined) {
    throw new WrongOption(`--sabotage must be one of ${SABOTAGES.join(', ')}.`);
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new WrongOption('--minutes must be a number above 0.');
  return {
    seed: values.seed === undefined ? randomSeed() : whole(values.seed, 'seed', 0),
    also: values.also === undefined ? undefined : whole(values.also, 'also', 0),
    minutes,
    clients: whole(values.clients, 'clients', 4),
    idle: whole(values.idle, 'idle', 0),
    backlog: whole(values.backlog, 'backlog', 0),
    pauseMs: whole(values['pause-s'], 'pause-s', 1) * 1_000,
    once: values.once,
    sabotage,
    server: values.server === undefined ? undefined : resolve(values.server),
    json: values.json,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seed: { type: 'string' },
        also: { type: 'string' },
        minutes: { type: 'string', default: '5' },
        clients: { type: 'string', default: '60' },
        idle: { type: 'string', default: '300' },
        backlog: { type: 'string', default: '1500' },
        'pause-s': { type: 'string', default: '15' },
        once: { type: 'boolean', default: false },
        sabotage: { type: 'string' },
        server: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new WrongOption(error instanceof Error ? error.message : String(error));
  }
}
