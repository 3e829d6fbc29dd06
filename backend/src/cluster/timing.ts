/**
 * Beyond SHUTDOWN_TIMEOUT_MS, in ms, until a worker that was told to go is ended by force: time to write what is owed
 * after a first step that used up all of its own.
 */
export const KILL_MARGIN_MS = 5_000;
