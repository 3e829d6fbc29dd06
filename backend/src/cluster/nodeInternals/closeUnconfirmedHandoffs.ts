import type { Worker } from 'node:cluster';
import { z } from 'zod';

const newConnection = z.object({ act: z.literal('newconn'), seq: z.number() });
const confirmation = z.object({ ack: z.number() });

interface Handle {
  close(): void;
}

/**
 * Closes connections that this worker had not confirmed when it died. To be called once, directly after the fork.
 *
 * The primary of `node:cluster` keeps a connection that it has sent to a worker until the worker confirms it. A worker that
 * dies before never confirms, and the primary keeps the connection open for ever: its client waits until its own time-out.
 * Uses Node's internal messages (`newconn`, `ack`), which pass through the worker's channel.
 *
 * @param gone resolves when the worker has ended and its last message was received.
 */
export function closeUnconfirmedHandoffs(worker: Worker, gone: Promise<void>): void {
  const { process: child } = worker;
  const unconfirmed = new Map<number, Handle>();
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  Reflect.set(child, 'send', (...args: unknown[]) => {
    const message = newConnection.safeParse(args[0]);
    const handle = args[1];
    if (message.success && isHandle(handle)) unconfirmed.set(message.data.seq, handle);
    return send(...args);
  });
  child.on('internalMessage', (message: unknown) => {
    const parsed = confirmation.safeParse(message);
    if (parsed.success) unconfirmed.delete(parsed.data.ack);
  });
  void gone.then(() => {
    for (const handle of unconfirmed.values()) handle.close();
    unconfirmed.clear();
  });
}

const isHandle = (handle: unknown): handle is Handle =>
  typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
