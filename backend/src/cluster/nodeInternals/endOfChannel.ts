import type { Worker } from 'node:cluster';

/**
 * Ends the channel of a worker that has exited. Called in the primary.
 *
 * Node emits `disconnect` only when the worker has confirmed every connection that was sent to it. A dead worker confirms
 * none: its channel never ends, and Node may go on passing connections to it. Emits the event in Node's place.
 */
export function endChannel(worker: Worker): void {
  worker.process.emit('disconnect');
}

/**
 * Lets a worker go on after its primary has died. Called in the worker, when it handles `disconnect`.
 *
 * Without this Node ends the worker at once, in the middle of its work, unless the worker has disconnected by itself. Sets
 * the property by which Node recognises that.
 */
export function keepRunningWithoutPrimary(worker: Worker): void {
  worker.exitedAfterDisconnect = true;
}
