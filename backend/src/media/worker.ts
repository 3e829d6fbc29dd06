import { setPriority } from 'node:os';
import workerpool from 'workerpool';

/*
 * Process that inspects uploaded files, one at a time. Decoders of media are the part of a server that hostile input breaks
 * most often: they run apart from it, with a lower priority than chat, and are killed when they take too long.
 */

/** Unix niceness: gives way to the server, which needs no right to be asked for. */
const LOW_PRIORITY = 10;
try {
  setPriority(LOW_PRIORITY);
} catch {
  // Some containers forbid it.
}
// Decoders print what they think of a file, which is of no use to anybody. They take hold of the console when they are loaded.
const silent = (): undefined => undefined;
Object.assign(console, { log: silent, warn: silent, error: silent });
const { inspect } = await import('./inspect.js');
workerpool.worker({ inspect });
