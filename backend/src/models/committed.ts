/**
 * What counts as written: on the disks of most members of the replica set, so that what is acknowledged survives the
 * loss of a node. Said with each write that somebody relies on, whatever the operator's address of the database says.
 */
export const COMMITTED = { w: 'majority', journal: true } as const;
