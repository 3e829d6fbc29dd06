/**
 * Priorities of pushes to connections that read too slowly. A push is dropped when more than this share of the
 * connection's buffer (`LIMITS.maxWaitingBytesPerSocket`) is in use. Durable pushes are never dropped: when the buffer is
 * full, the connection ends, and the client catches up with `sync`.
 */
export const DROPPED_ABOVE = {
  typing: 1 / 8,
  presence: 1 / 4,
  receipt: 1 / 2,
  durable: 1,
} as const;

export type Priority = keyof typeof DROPPED_ABOVE;
