import type { Random } from '../random.js';

/** What a person does next, and how often compared with the rest. */
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

/** Follows from the seed alone; what comes of it depends on what is there by then. */
export interface Decision {
  action: Action;
  /** Which conversation, which place: shares from 0 to 1. */
  which: number;
  where: number;
  /** How long the person does nothing then, in ms. */
  waitMs: number;
  /** Hangs up before the answer is there. */
  hangUp: boolean;
  awayMs: number;
}

const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;
/** As a person who writes several messages in a row. */
const BURST = 0.15;

/** Always asks for the same number of numbers, so that one decision does not shift the next. */
export const decide = (random: Random): Decision => ({
  action: random.weighted(WEIGHTS),
  which: random.next(),
  where: random.next(),
  waitMs: random.chance(BURST) ? 5 : random.whole(SHORTEST_WAIT_MS, LONGEST_WAIT_MS),
  hangUp: random.chance(0.04),
  awayMs: random.whole(300, 5_000),
});
