import type mongoose from 'mongoose';
import { monotonicMs } from '../utils/clock.js';

/** Collections that are read in the order of their entries by what follows them. */
const FOLLOWED: ReadonlySet<unknown> = new Set(['messages', 'changes', 'conversations', 'reports', 'blocks']);
const WRITES: ReadonlySet<string> = new Set(['insert', 'update', 'findAndModify']);

/**
 * Counts the writes of this process to the followed collections: when they end, whatever their outcome, because a write that
 * failed here may have been done. Needs command monitoring.
 */
export function createOwnWrites(connection: mongoose.Connection) {
  const client = connection.getClient();
  const underWay = new Set<number>();
  let count = 0;
  let lastEndMs = monotonicMs();
  client.on('commandStarted', ({ commandName, command, requestId }) => {
    if (WRITES.has(commandName) && FOLLOWED.has(command[commandName])) underWay.add(requestId);
  });
  const noteEnd = ({ requestId }: { requestId: number }): void => {
    if (!underWay.delete(requestId)) return;
    count += 1;
    lastEndMs = monotonicMs();
  };
  client.on('commandSucceeded', noteEnd).on('commandFailed', noteEnd);
  return {
    /** Number of writes that have ended so far. */
    count: (): number => count,
    /** Time since the last of them ended, or since the start, in ms. */
    quietForMs: (): number => monotonicMs() - lastEndMs,
  };
}

export type OwnWrites = ReturnType<typeof createOwnWrites>;
