/**
 * What may be left out for a connection that reads too slowly, first to last. A push of a priority is dropped when more
 * than this share of the bytes that may wait for one connection (`LIMITS.maxWaitingBytesPerSocket`) wait already. What
 * is `durable` is never dropped silently: beyond the whole, the connection ends, and `sync` brings everything.
 */
export const DROPPED_ABOVE = {
  typing: 1 / 8,
  presence: 1 / 4,
  receipt: 1 / 2,
  durable: 1,
} as const;

export type Priority = keyof typeof DROPPED_ABOVE;
