import type { Socket } from 'node:net';

/**
 * Stops reading a connection. To be called before it is passed to another process.
 *
 * Node goes on reading a connection here until the other process has confirmed it, and drops what it reads: the first
 * frame of a client that the other process answers quickly would be lost. `pause` takes effect one chunk too late. Uses
 * the internal handle of the socket.
 */
export function stopReading(socket: Socket): void {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return;
  const readStop: unknown = Reflect.get(handle, 'readStop');
  if (typeof readStop === 'function') Reflect.apply(readStop, handle, []);
}
