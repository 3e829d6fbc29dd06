import type mongoose from 'mongoose';
import { monotonicMs } from '../utils/clock.js';

/** Collections that are read in the order of their entries by what follows them. */
const FOLLOWED: ReadonlySet<unknown> = new Set(['messages', 'changes', 'conversations', 'reports', 'blocks']);
const WRITES: ReadonlySet<string> = new Set(['insert', 'update', 'findAndModify']);

/**
 * Notes the writes of this process to the followed collections: when they end, whatever their outcome, because a write that
 * failed here may have been done. Needs command monitoring.
 */
export function createOwnWrites(connection: mongoose.Connection) {
  const client = connection.getClient();
  const underWay = new Set<number>();
  let lastEndMs = monotonicMs();
  client.on('commandStarted', ({ commandName, command, requestId }) => {
    if (WRITES.has(commandName) && FOLLOWED.has(command[commandName])) underWay.add(requestId);
  });
  const noteEnd = ({ requestId }: { requestId: number }): void => {
    if (underWay.delete(requestId)) lastEndMs = monotonicMs();
  };
  client.on('commandSucceeded', noteEnd).on('commandFailed', noteEnd);
  return {
    /** When the last write ended; the start, if none has (monotonic, ms). */
    lastEndMs: (): number => lastEndMs,
  };
}

export type OwnWrites = ReturnType<typeof createOwnWrites>;
