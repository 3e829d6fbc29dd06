/*
 * Code that depends on undocumented behaviour of `node:cluster` and of sockets that move between processes. It closes four
 * gaps that no public API closes. Where a function does not find the internals that it uses, it does nothing: another
 * version of Node brings back a gap, and no crash.
 *
 * Tested on Node 20.19.6, 22.23.5 and 24.22.3. `test/cluster/nodeInternals.test.ts` fails when a version has other
 * internals; `npm test` runs it on these three major versions. Run all of `test/cluster` before another one is supported.
 */
export { closeUnconfirmedHandoffs } from './closeUnconfirmedHandoffs.js';
export { endChannel, keepRunningWithoutPrimary } from './endOfChannel.js';
export { stopReading } from './stopReading.js';
