import type { Random } from '../random.js';

/** Actions of a user with their relative frequency. */
const WEIGHTS = {
  say: 52,
  read: 20,
  list: 5,
  browse: 5,
  sync: 5,
  typing: 4,
  watch: 2,
  hangUp: 2,
  goAway: 3,
  trespass: 2,
} as const;
export type Action = keyof typeof WEIGHTS;

/** A decision follows from the seed alone; its effect depends on the current state. */
export interface Decision {
  action: Action;
  /** Selects the conversation and the entry: shares from 0 to 1. */
  which: number;
  where: number;
  /** Pause after the action, in ms. */
  waitMs: number;
  /** True to drop the connection before the answer. */
  hangUp: boolean;
  awayMs: number;
}

const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;
/** Probability of several messages in a row. */
const BURST = 0.15;

/** Always uses the same number of random values, so that one decision does not shift the next. */
export const decide = (random: Random): Decision => ({
  action: random.weighted(WEIGHTS),
  which: random.next(),
  where: random.next(),
  waitMs: random.chance(BURST) ? 5 : random.whole(SHORTEST_WAIT_MS, LONGEST_WAIT_MS),
  hangUp: random.chance(0.04),
  awayMs: random.whole(300, 5_000),
});
