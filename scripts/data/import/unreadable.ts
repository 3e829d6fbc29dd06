import type { Finding } from '../frame/task.js';

/** Returns the finding for a row of the old system that is not imported. */
export const unreadable = (at: string, why: string): Finding => ({
  problem: `${at}: ${why}`,
  details: { row: at, reason: why },
  counts: { unreadable: 1 },
});
