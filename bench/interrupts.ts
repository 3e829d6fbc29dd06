import { stopAllChildren } from './children.js';

const INTERRUPT_TIMEOUT_MS = 30_000;

/** On Ctrl-C the children are stopped. Pending commands then fail, and the run ends like a failed one. */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      controller.abort();
      void stopAllChildren();
      setTimeout(() => process.exit(1), INTERRUPT_TIMEOUT_MS).unref();
    });
  }
  return controller.signal;
}
