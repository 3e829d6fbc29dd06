/**
 * Write concern of all writes that are acknowledged to clients or relied on later: journaled on a majority of the
 * replica set, so that they survive the loss of a node. Given with each write, so that `MONGODB_URI` cannot weaken it.
 */
export const COMMITTED = { w: 'majority', journal: true } as const;
