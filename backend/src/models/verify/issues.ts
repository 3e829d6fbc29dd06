import type { Remedy } from './remedy.js';

/** Issues that a stored conversation can have. */
export const ISSUES = {
  shape: 'its type or its members cannot be read',
  notTwo: 'a direct conversation without exactly two distinct members',
  wrongKey: 'its key is not the key of its pair',
  missingKey: 'it lacks the key of its pair',
  lostTarget: 'it redirects to a missing conversation, or to itself',
  unfinishedMerge: 'a merge was interrupted',
  unfinishedSplit: 'a split was interrupted',
  hole: 'seq numbers are missing in its log',
  placeless: 'it has messages without a valid seq',
  counter: 'lastSeq, messageCount or memberCount differ from its log and its members',
} as const;
export type IssueName = keyof typeof ISSUES;

export interface Issue {
  conversationId: string;
  issue: IssueName;
  what: string;
  help: Remedy;
}
