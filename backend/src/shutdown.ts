import type { Server } from 'node:http';
import type { Database } from './database/connect.js';
import type { Live } from './live.js';
import type { Gate } from './pipeline/gate.js';
import type { Peers } from './services/ports.js';
import type { Services } from './services/index.js';
import { isToldAsOld } from './socket/delivery.js';
import type { Sessions } from './socket/sessions.js';
import { WaitingBytes } from './socket/waitingBytes.js';
import type { ChatServer, ChatSocket } from './socket/types.js';
import { monotonicMs, sleep } from './utils/clock.js';
import { withDeadline } from './utils/deadline.js';
import type { Logger } from './utils/logger.js';

export interface ShutdownParts {
  http: Server;
  io: ChatServer;
  gate: Gate;
  services: Services;
  sessions: Sessions;
  database: Database;
  peers: Peers | undefined;
  live: Live;
  logger: Logger;
  timeoutMs: number;
}

/** Nobody comes back earlier, in ms: the process that takes over may still be starting. */
const RETURN_AFTER_MS = 500;
/**
 * Clients come back over a time that grows with their number, so that no more than so many a second do: each of them
 * connects, has a token verified, and asks for its list and what it missed; all at once, that is what brings down the
 * process which takes over. It has bounds, in ms: a few clients need not hurry to within milliseconds of each other,
 * and nobody should wait longer than a person waits, even if the rate has to be higher then.
 */
const RETURNS_PER_SECOND = 1_000;
const MIN_SPREAD_MS = 3_000;
const MAX_SPREAD_MS = 30_000;

/** When each of so many clients should come back, in ms: one after the other, evenly, with a random part. */
export function planReturns(clients: number): number[] {
  const neededMs = (clients / RETURNS_PER_SECOND) * 1_000;
  const slotMs = Math.min(Math.max(neededMs, MIN_SPREAD_MS), MAX_SPREAD_MS) / Math.max(clients, 1);
  return Array.from({ length: clients }, (_, index) =>
    Math.round(RETURN_AFTER_MS + (index + Math.random()) * slotMs),
  );
}

/** Who polls hears the goodbye with the next poll; a connection that takes nothing is not waited for, in ms. */
const SAID_WITHIN_MS = 500;
const LOOK_MS = 10;

async function untilSaid(sockets: readonly ChatSocket[]): Promise<void> {
  const giveUpAtMs = monotonicMs() + SAID_WITHIN_MS;
  const waiting = new WaitingBytes();
  const waits = (): boolean => sockets.some(({ conn }) => waiting.of(conn) > 0);
  while (waits() && monotonicMs() < giveUpAtMs) await sleep(LOOK_MS);
}

/**
 * Graceful shutdown: takes no more commands, finishes and answers those under way, writes what is owed to the
 * summaries, tells every client to come back a little later, and closes. Each step has a bound; what could not be
 * finished in time is safe all the same, as it is for a process that is killed.
 */
export async function shutDown(parts: ShutdownParts): Promise<void> {
  const { http, io, gate, services, sessions, database, logger, timeoutMs } = parts;
  const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await withDeadline(work(), timeoutMs, () => new Error(`took longer than ${timeoutMs} ms`));
    } catch (error) {
      logger.error({ err: error, step: name }, 'a step of the shutdown failed');
    }
  };
  logger.info('shutting down: finishing what is under way');
  const closed = new Promise((resolve) => http.close(resolve));
  // Commands that wait for the window of a conversation's positions do not wait any longer.
  await step('finish commands', () => Promise.all([gate.drain(), services.receipts.drain()]));
  const clients = [...io.sockets.sockets.values()];
  const returns = planReturns(clients.length);
  for (const [index, socket] of clients.entries()) {
    const afterMs = returns[index] ?? RETURN_AFTER_MS;
    const reason = 'This server is about to stop.';
    const data = { code: 'UNAVAILABLE' as const, reason, reconnect: true, afterMs };
    if (isToldAsOld(socket, { event: 'server:draining', data })) continue;
    socket.emit('server:draining', { success: true, data });
  }
  await step('say goodbye', () => untilSaid(clients));
  sessions.stop();
  await step('write what is owed', () => services.stop());
  await step('close connections', async () => {
    await io.close();
    http.closeIdleConnections();
    await closed;
  });
  parts.live.peerPushes?.stop();
  await step('leave the other processes', async () => parts.peers?.close());
  await step('close the database', () => database.close());
  logger.info('shut down');
}
