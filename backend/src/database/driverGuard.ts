import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import mongoose from 'mongoose';

/*
 * The driver (mongodb 7.5 to 7.8) can wait forever for a server that has died. When a command is written to a socket that
 * is already closed but has not emitted `close` yet, `write` returns false. The driver then waits for `drain`, which never
 * comes, and listens for `error` only, which does not come either. If this happens to the driver's monitor, the client
 * never checks the server again, and every operation of the process fails from then on, long after the database is back.
 * Seen in 4 of 150 kills of a database under load, and in none of 210 with this guard.
 */

interface DriverConnection {
  id: number | string;
  address: string;
  socket: Socket;
  onError(error: Error): void;
  writeCommand(command: unknown, options: unknown): Promise<void>;
}

const guarded = new WeakSet<DriverConnection>();

/**
 * Makes the driver detect a socket that closes during a command. Call it before the first connection; repeated calls
 * have no effect.
 */
export function guardDriver(): void {
  const prototype = findDriverConnection();
  if (guarded.has(prototype)) return;
  guarded.add(prototype);
  const write = Reflect.get(prototype, 'writeCommand');
  prototype.writeCommand = async function guardedWrite(this: DriverConnection, command, options) {
    const { socket } = this;
    if (socket.destroyed) throw reportClosed(this);
    let onClose = (): void => undefined;
    const closed = new Promise<never>((_resolve, reject) => {
      onClose = () => reject(reportClosed(this));
    });
    socket.once('close', onClose);
    try {
      await Promise.race([Reflect.apply(write, this, [command, options]), closed]);
    } finally {
      socket.off('close', onClose);
    }
  };
}

/** Creates the error and also reports it to the connection, so that the pool discards it. */
function reportClosed(connection: DriverConnection): Error {
  const error = new mongoose.mongo.MongoNetworkError(
    `connection ${connection.id} to ${connection.address} closed`,
  );
  connection.onError(error);
  return error;
}

/** The driver does not export its connection class, so this loads its file, from the copy that Mongoose uses. */
export function findDriverConnection(): DriverConnection {
  const requireOfMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
  const module: unknown = requireOfMongoose('mongodb/lib/cmap/connection.js');
  if (isConnectionModule(module)) return module.Connection.prototype;
  throw new Error('the MongoDB driver differs from what driverGuard.ts expects');
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
