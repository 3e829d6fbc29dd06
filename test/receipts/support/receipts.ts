import type { CommandData, ReceiptView } from '../../../contract/index.js';
import { conversationId as toConversationId, userId as toUserId } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';

export type Receipts = CommandData<'getReceipts'>;

export const receiptsOf = (client: TestClient, conversationId: string, seq: number): Promise<Receipts> =>
  client.ok('getReceipts', { conversationId, seq });

/** Returns the row of one user; fails if the user is not listed. */
export function rowOf({ members }: Receipts, userId: string): ReceiptView {
  const row = members?.find((one) => one.userId === userId);
  if (row === undefined) throw new Error(`${userId} is not named`);
  return row;
}

/** Returns the ids of users who have read it. */
export const readersOf = ({ members = [] }: Receipts): string[] =>
  members
    .filter(({ read }) => read)
    .map(({ userId }) => userId)
    .sort();

/** Reports a position without a socket. */
export const readAs = (server: TestServer, userId: string, at: { conversationId: string; seq: number }) =>
  server.app.services.receipts.advance(toUserId.parse(userId), 'read', {
    conversationId: toConversationId.parse(at.conversationId),
    seq: at.seq,
  });

/** Runs some work. @returns the times in ms before and after it. */
export async function timed(work: () => Promise<unknown>): Promise<{ fromMs: number; toMs: number }> {
  const fromMs = Date.now();
  await work();
  return { fromMs, toMs: Date.now() };
}

/** Accuracy of the estimated database clock, in ms: one round trip. */
const TOLERANCE_MS = 250;
export const isWithin = (
  at: string | undefined,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): boolean =>
  at !== undefined && Date.parse(at) >= fromMs - TOLERANCE_MS && Date.parse(at) <= toMs + TOLERANCE_MS;

/** Records commands of one kind to a collection from now on. */
export function watchCommands(
  server: TestServer,
  wanted: { kind: 'update' | 'insert'; collection: string },
): { count: () => number; documents: () => number; stop: () => void } {
  const client = server.app.models.members.model.db.getClient();
  const seen: number[] = [];
  const listen = ({
    commandName,
    command,
  }: {
    commandName: string;
    command: Record<string, unknown>;
  }): void => {
    if (commandName !== wanted.kind || command[commandName] !== wanted.collection) return;
    const list = command[wanted.kind === 'update' ? 'updates' : 'documents'];
    seen.push(Array.isArray(list) ? list.length : 0);
  };
  client.on('commandStarted', listen);
  return {
    count: () => seen.length,
    documents: () => seen.reduce((sum, one) => sum + one, 0),
    stop: () => void client.off('commandStarted', listen),
  };
}

/** Repeats an action until the work is done. @throws the error of the work. */
export async function whileRunning(work: Promise<unknown>, again: () => Promise<void>): Promise<void> {
  const isSettled = (): Promise<boolean> =>
    Promise.race([
      work.then(
        () => true,
        () => true,
      ),
      new Promise<boolean>((resolve) => setImmediate(resolve, false)),
    ]);
  do await again();
  while (!(await isSettled()));
  await work;
}
