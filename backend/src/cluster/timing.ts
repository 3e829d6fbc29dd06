/**
 * Time after SHUTDOWN_TIMEOUT_MS, in ms, until a draining worker is killed. It leaves time to write pending summaries
 * when the first shutdown step has used its whole time limit.
 */
export const KILL_MARGIN_MS = 5_000;
