import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from '../../support/server.js';

/** Commands that one operation sent to the database. */
export interface DatabaseCommands {
  reads: number;
  writes: number;
}

const READS = ['find', 'aggregate', 'count'];
const WRITES = ['insert', 'update', 'delete', 'findAndModify'];
/** An operation is over when the database was asked nothing for this long, in ms: summaries are written behind. */
const QUIET_MS = 60;

/** True for commands that a process sends by itself: heartbeats, looks at the marks, reads of what changed. */
function isPolling(collection: string, command: Record<string, unknown>): boolean {
  if (collection === 'processes') return true;
  const filter = (command['filter'] ?? command['query'] ?? {}) as Record<string, unknown>;
  if (collection === 'meta') return command['findAndModify'] !== undefined;
  return (
    ['users', 'blocks', 'api_keys'].includes(collection) &&
    ('profileChangedAt' in filter || 'changedAt' in filter)
  );
}

type Listen = (collection: string, command: Record<string, unknown>) => boolean;

/** Counts commands for which `isCounted` is true, until `dispose`. */
function countUntilDisposed({ app }: TestServer, isCounted: Listen) {
  const client = app.models.conversations.model.db.getClient();
  const counted = { reads: 0, writes: 0 };
  let heardAtMs = performance.now();
  const started = ({ commandName, command }: { commandName: string; command: Record<string, unknown> }) => {
    if (!READS.includes(commandName) && !WRITES.includes(commandName)) return;
    if (!isCounted(String(command[commandName]), command)) return;
    heardAtMs = performance.now();
    counted[READS.includes(commandName) ? 'reads' : 'writes'] += 1;
  };
  let pending = 0;
  const checkedOut = (): void => void (pending += 1);
  const checkedIn = (): void => void (pending -= 1);
  client.on('commandStarted', started);
  client.on('connectionCheckedOut', checkedOut).on('connectionCheckedIn', checkedIn);
  return {
    counted,
    /** Resolves when the database was asked nothing for a while. */
    async quiet(): Promise<void> {
      heardAtMs = performance.now();
      while (pending > 0 || performance.now() - heardAtMs < QUIET_MS) await sleep(10);
    },
    [Symbol.dispose](): void {
      client.off('commandStarted', started);
      client.off('connectionCheckedOut', checkedOut).off('connectionCheckedIn', checkedIn);
    },
  };
}

/** Runs an operation on a server that has nothing else to do, and counts its commands, those written behind included. */
export async function countCommands(
  server: TestServer,
  operation: () => Promise<unknown>,
): Promise<DatabaseCommands> {
  using counting = countUntilDisposed(server, (...command) => !isPolling(...command));
  await counting.quiet();
  const before = { ...counting.counted };
  await operation();
  await counting.quiet();
  const { reads, writes } = counting.counted;
  return { reads: reads - before.reads, writes: writes - before.writes };
}

/** Counts all commands that a server sends meanwhile. */
export async function countAll(
  server: TestServer,
  operation: () => Promise<unknown>,
): Promise<DatabaseCommands> {
  using counting = countUntilDisposed(server, () => true);
  await operation();
  return { ...counting.counted };
}
