import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import mongoose from 'mongoose';

/*
 * The driver (mongodb 7.5 to 7.8) can wait for ever for a server that has died. A command that is written to a socket
 * that is closed already, but has not said so yet (the event comes a little later), makes `write` answer false; the
 * driver then waits for `drain`, which never comes, and listens for `error` only, which does not come either. Where
 * that hits its monitor, the client never looks at the server again: every operation of the process fails from then on,
 * long after the database is back. Seen in 4 of 150 kills of a database under load, and in none of 210 with this guard.
 */

interface DriverConnection {
  id: number | string;
  address: string;
  socket: Socket;
  onError(error: Error): void;
  writeCommand(command: unknown, options: unknown): Promise<void>;
}

const guarded = new WeakSet<DriverConnection>();

/** Makes the driver notice a socket that closes under a command. To be called before the first connection; may be repeated. */
export function guardDriver(): void {
  const prototype = findDriverConnection();
  if (guarded.has(prototype)) return;
  guarded.add(prototype);
  const write = Reflect.get(prototype, 'writeCommand');
  prototype.writeCommand = async function guardedWrite(this: DriverConnection, command, options) {
    const { socket } = this;
    if (socket.destroyed) throw closedError(this);
    let onClose = (): void => undefined;
    const closed = new Promise<never>((_resolve, reject) => {
      onClose = () => reject(closedError(this));
    });
    socket.once('close', onClose);
    try {
      await Promise.race([Reflect.apply(write, this, [command, options]), closed]);
    } finally {
      socket.off('close', onClose);
    }
  };
}

/** Tells the connection too, so that nobody uses it again. */
function closedError(connection: DriverConnection): Error {
  const error = new mongoose.mongo.MongoNetworkError(
    `connection ${connection.id} to ${connection.address} closed`,
  );
  connection.onError(error);
  return error;
}

/** The driver does not export it: its own file, of the copy that Mongoose uses. */
export function findDriverConnection(): DriverConnection {
  const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
  const module: unknown = requireOfMongoose('mongodb/lib/cmap/connection.js');
  if (isConnectionModule(module)) return module.Connection.prototype;
  throw new Error('the MongoDB driver is built differently than the guard expects: see driverGuard.ts');
}

function isConnectionModule(module: unknown): module is { Connection: { prototype: DriverConnection } } {
  if (typeof module !== 'object' || module === null || !('Connection' in module)) return false;
  const { Connection } = module;
  if (typeof Connection !== 'function') return false;
  const prototype: unknown = Connection.prototype;
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    'writeCommand' in prototype &&
    'onError' in prototype
  );
}
