import type { Worker } from 'node:cluster';
import { z } from 'zod';

/*
 * Node's round robin (seen in 20.20) keeps a connection that it has sent to a worker until the worker says that it took it.
 * A worker that dies in between never says so, and the connection stays open in the primary for ever: the client on it
 * hangs until its own time-out, which a plain HTTP client may not have. With this guard it ends with the worker, as a
 * connection does that the worker had taken. Without the internals that it looks at, it does nothing.
 */

const newConnection = z.object({ act: z.literal('newconn'), seq: z.number() });
const reply = z.object({ ack: z.number() });
interface Handle {
  close(): void;
}

/** Ends connections that were on their way to this worker when it is gone. */
export function guardHandoff(worker: Worker, gone: Promise<void>): void {
  const { process: child } = worker;
  const underWay = new Map<number, Handle>();
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  Reflect.set(child, 'send', (...args: unknown[]) => {
    const message = newConnection.safeParse(args[0]);
    const handle = args[1];
    if (message.success && isHandle(handle)) underWay.set(message.data.seq, handle);
    return send(...args);
  });
  child.on('internalMessage', (message: unknown) => {
    const parsed = reply.safeParse(message);
    if (parsed.success) underWay.delete(parsed.data.ack);
  });
  // By then every reply has been heard that will be.
  void gone.then(() => {
    for (const handle of underWay.values()) handle.close();
    underWay.clear();
  });
}

const isHandle = (handle: unknown): handle is Handle =>
  typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
