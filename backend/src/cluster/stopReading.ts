import type { Socket } from 'node:net';

/**
 * To be called before a connection is passed to another process. Node goes on reading it here until the other process
 * has confirmed that it has it, and drops what it reads: the first frame of a client that was answered quickly over
 * there is lost then. (`pause` does not help: it takes effect one chunk later.) Nothing public stops it, so this looks
 * inside; where there is nothing to be found, it does nothing.
 */
export function stopReading(socket: Socket): void {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return;
  const readStop: unknown = Reflect.get(handle, 'readStop');
  if (typeof readStop === 'function') Reflect.apply(readStop, handle, []);
}
