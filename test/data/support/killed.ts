import type mongoose from 'mongoose';
import { interpose } from './interposed.js';

export class Killed extends Error {}

const WRITES = new Set([
  ...['insertOne', 'insertMany', 'updateOne', 'updateMany'],
  ...['replaceOne', 'deleteOne', 'deleteMany', 'bulkWrite'],
]);

/**
 * Returns a connection that behaves as if the process were killed before its write number `left`: no later write is
 * done. Work that retries database errors forever would not end, so `death` rejects.
 */
export function killedAfter(
  connection: mongoose.Connection,
  left: number,
): { connection: mongoose.Connection; death: Promise<never> } {
  const fate = { left };
  let die: (error: Killed) => void = () => undefined;
  const death = new Promise<never>((_resolve, reject) => (die = reject));
  death.catch(() => undefined);
  const doomed = interpose(connection, ({ method, call }) => {
    if (!WRITES.has(method)) return undefined;
    return (...args) => {
      if (fate.left === 0) {
        const killed = new Killed('killed');
        die(killed);
        throw killed;
      }
      fate.left -= 1;
      return call(...args);
    };
  });
  return { connection: doomed, death };
}
