import type mongoose from 'mongoose';

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
  client.on('commandStarted', ({ commandName, command, requestId }) => {
    if (WRITES.has(commandName) && FOLLOWED.has(command[commandName])) underWay.add(requestId);
  });
  const noteEnd = ({ requestId }: { requestId: number }): void => {
    if (underWay.delete(requestId)) count += 1;
  };
  client.on('commandSucceeded', noteEnd).on('commandFailed', noteEnd);
  return {
    /** Number of writes that have ended so far. */
    count: (): number => count,
  };
}

export type OwnWrites = ReturnType<typeof createOwnWrites>;
