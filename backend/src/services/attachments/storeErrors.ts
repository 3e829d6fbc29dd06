import { unavailable, type AppError } from '../../utils/appError.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import { ObjectChanged, StoreUnavailable } from '../objectStore.js';

export interface StoreErrorDeps {
  log: ThrottledLog;
  metrics: Pick<Metrics, 'storeFailures'>;
}

const isStoreError = (error: unknown): error is Error =>
  error instanceof StoreUnavailable || error instanceof ObjectChanged;

/** Notes a failure of the object store. Returns the error for the client; any other error unchanged. */
export function toClientError(error: unknown, { log, metrics }: StoreErrorDeps): unknown {
  if (!isStoreError(error)) return error;
  noteStoreFailure(error, { log, metrics });
  return storeUnavailable(error);
}

export function noteStoreFailure(error: unknown, { log, metrics }: StoreErrorDeps): void {
  metrics.storeFailures.inc();
  log.warn('object store', { err: error }, 'the object store did not answer');
}

export const storeUnavailable = (cause: unknown): AppError =>
  unavailable('The object store does not answer; ask again.', cause);
