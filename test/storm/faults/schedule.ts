import type { Random } from '../random.js';

/** All faults, with a description. */
export const FAULTS = {
  killServer: 'a server is killed (SIGKILL) and started again',
  pauseServer: 'a server sleeps (SIGSTOP) and wakes (SIGCONT)',
  drainServer: 'a server is asked to stop (SIGTERM) under load and started again',
  killDatabase: 'the database is killed and comes back',
  cutDatabase: 'the connections between a server and the database are cut',
  loseReplies: 'inserts reach the database, and their answers never come back',
  killRedis: 'Redis is killed and started again, empty',
  pauseRedis: 'Redis sleeps and wakes',
  cutRedis: 'the connections between a server and Redis are cut',
  cutClients: 'the connections between clients and a server are cut',
  delay: 'everything to and from a server takes some 100 ms longer',
  comeBackAllAtOnce: 'every client and every idle connection is cut and comes back at once',
} as const;
export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

/** A planned fault. It follows from the seed alone. */
export interface PlannedFault {
  number: number;
  kind: FaultKind;
  /** Index of the server. */
  server: number;
  /** Duration or delay as a share of the usual value of this kind: 0.5 to 1. */
  strength: number;
  /** Time without faults afterwards, in ms. */
  settleMs: number;
}

/** Yields one fault at a time, endlessly: each kind once per round, in random order. */
export function* planFaults(
  random: Random,
  parts: { servers: number; settleMs: { min: number; max: number } },
): Generator<PlannedFault, never> {
  for (let number = 1; ;) {
    for (const kind of random.shuffled(FAULT_KINDS)) {
      yield {
        number,
        kind,
        server: random.whole(0, parts.servers - 1),
        strength: 0.5 + random.next() / 2,
        settleMs: random.whole(parts.settleMs.min, parts.settleMs.max),
      };
      number += 1;
    }
  }
}
