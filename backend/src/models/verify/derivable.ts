import type { Stored } from './pairs.js';

export const TYPES: readonly unknown[] = ['direct', 'group', 'channel'];

/** True when a conversation has ended (merged or split) and redirects to others. */
export const hasEnded = ({ mergedInto }: Stored): boolean => mergedInto !== undefined;

/** True when a split has begun but not finished: the conversation is sealed and redirects to itself. */
export const isHalfSplit = ({ _id, mergedInto, splitInto }: Stored): boolean =>
  splitInto === undefined && textOf(mergedInto) === textOf(_id);
const textOf = (id: unknown): string => String(id);

/**
 * True for a conversation that is still being created by a merge or split, which add its members last. One created by a
 * split already has the later `memberCount`; a group that all members have left has 0.
 */
export const isBeingCreated = ({ type = 'direct', participants, memberCount, splitFrom }: Stored): boolean =>
  Array.isArray(participants) &&
  participants.length === 0 &&
  (splitFrom !== undefined && memberCount !== 0 ? true : type === 'direct' && memberCount === 0);

/** True when a conversation can be derived from its log. Ended conversations and those being created are left alone. */
export const isDerivable = (conversation: Stored): boolean =>
  !hasEnded(conversation) &&
  TYPES.includes(conversation['type'] ?? 'direct') &&
  !isBeingCreated(conversation);
