import type { Server } from 'node:http';
import type { Database } from './database/connect.js';
import type { OutgoingGuard } from './outgoing/index.js';
import type { CommandGuard } from './pipeline/commandGuard.js';
import type { Cluster } from './services/ports.js';
import type { Services } from './services/index.js';
import type { Delivery } from './socket/delivery/index.js';
import { pushTo } from './socket/pushTo.js';
import { type Sessions, WaitingBytes } from './socket/connection/index.js';
import type { ChatServer, ChatSocket } from './socket/types.js';
import { monotonicMs, sleep } from './utils/clock.js';
import { withDeadline } from './utils/deadline.js';
import type { Logger } from './utils/logger.js';

export interface ShutdownDeps {
  http: Server;
  io: ChatServer;
  commandGuard: CommandGuard;
  services: Services;
  sessions: Sessions;
  database: Database;
  cluster: Cluster | undefined;
  delivery: Delivery;
  outgoing: OutgoingGuard;
  logger: Logger;
  timeoutMs: number;
}

/** Earliest reconnection, in ms: the process that takes over may still be starting. */
const FIRST_RETURN_MS = 500;
/**
 * Target rate of reconnecting clients. Each of them connects, has its token verified, and requests its list and what it
 * missed; all at once they could overload the process that takes over.
 */
const RETURNS_PER_SECOND = 1_000;
/**
 * Shortest period over which reconnects are spread, in ms: a few clients need not return within milliseconds of each
 * other.
 */
const MIN_SPREAD_MS = 3_000;
/**
 * Longest period over which reconnects are spread, in ms: users should not wait longer, even if the rate is higher
 * then.
 */
const MAX_SPREAD_MS = 30_000;

/** Returns the reconnect delay of each client in ms: evenly spread, with jitter. */
export function planReturns(clients: number): number[] {
  const spreadMs = (clients / RETURNS_PER_SECOND) * 1_000;
  const slotMs = Math.min(Math.max(spreadMs, MIN_SPREAD_MS), MAX_SPREAD_MS) / Math.max(clients, 1);
  return Array.from({ length: clients }, (_, index) =>
    Math.round(FIRST_RETURN_MS + (index + Math.random()) * slotMs),
  );
}

/** Time limit for delivering the notice, in ms: clients that poll receive it with their next poll. */
const NOTICE_TIMEOUT_MS = 500;
const POLL_MS = 10;

async function waitUntilSent(sockets: readonly ChatSocket[]): Promise<void> {
  const giveUpAtMs = monotonicMs() + NOTICE_TIMEOUT_MS;
  const waiting = new WaitingBytes();
  const isWaiting = (): boolean => sockets.some(({ conn }) => waiting.of(conn) > 0);
  while (isWaiting() && monotonicMs() < giveUpAtMs) await sleep(POLL_MS);
}

/**
 * Graceful shutdown: accepts no new commands, finishes and answers those under way, writes pending summaries, tells
 * every client when to reconnect, and closes. Each step has a time limit. Work that does not finish in time is
 * recovered by other processes or at the next start, as after a kill.
 */
export async function shutDown(deps: ShutdownDeps): Promise<void> {
  const { http, io, commandGuard, services, sessions, database, logger, timeoutMs } = deps;
  const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await withDeadline(work(), timeoutMs, () => new Error(`took longer than ${timeoutMs} ms`));
    } catch (error) {
      logger.error({ err: error, step: name }, 'a shutdown step failed');
    }
  };
  logger.info('shutting down: finishing the commands under way');
  const closed = new Promise((resolve) => http.close(resolve));
  // `receipts.drain` also ends the waits of commands for a batching window (`RECEIPT_WINDOW_MS`).
  await step('finish commands', () => Promise.all([commandGuard.drain(), services.receipts.drain()]));
  const clients = [...io.sockets.sockets.values()];
  const returns = planReturns(clients.length);
  for (const [index, socket] of clients.entries()) {
    const afterMs = returns[index] ?? FIRST_RETURN_MS;
    const reason = 'This server is about to stop.';
    const data = { code: 'UNAVAILABLE' as const, reason, reconnect: true, afterMs };
    pushTo(socket, { event: 'server:draining', data });
  }
  await step('say goodbye', () => waitUntilSent(clients));
  sessions.stop();
  await step('write pending summaries', () => services.stop());
  await step('close connections', async () => {
    await io.close();
    http.closeIdleConnections();
    await closed;
  });
  deps.delivery.clusterPublisher?.stop();
  await step('close outgoing connections', () => deps.outgoing.close());
  await step('leave the other processes', async () => deps.cluster?.close());
  await step('close the database', () => database.close());
  logger.info('shut down');
}
