import { participantsKey } from '../../utils/participantsKey.js';

/** Any stored document. */
export type Stored = Record<string, unknown>;

/** Returns the two users of a direct conversation; undefined when it is not exactly a pair, or has ended. */
export function pairOf({ type, participants, mergedInto }: Stored): [string, string] | undefined {
  if ((type !== undefined && type !== 'direct') || mergedInto !== undefined) return undefined;
  if (!Array.isArray(participants) || participants.length !== 2) return undefined;
  const [a, b] = participants as unknown[];
  return typeof a === 'string' && typeof b === 'string' && a !== b ? [a, b] : undefined;
}

/** Returns the key that a conversation should have. */
export function keyOf(conversation: Stored): string | undefined {
  const pair = pairOf(conversation);
  return pair && participantsKey(...pair);
}
