export { ChangePoll } from './changePoll.js';
export { DatabaseTime } from './databaseTime.js';
export { DatabaseWatch } from './databaseWatch.js';
export { type EpochMemory, EpochWatch, type Look } from './epochWatch.js';
export type { Lease } from './lease.js';
export { createLookups, type Lookups } from './lookups.js';
export { ProcessRegistry } from './processRegistry.js';
export { VerificationWatch } from './verificationWatch.js';
export { WriteWatermark } from './writeWatermark.js';
