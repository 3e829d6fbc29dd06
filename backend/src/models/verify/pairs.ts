import { participantsKey } from '../../utils/participantsKey.js';

/** A document as it is stored, whatever it is. */
export type Stored = Record<string, unknown>;

/** The two of a direct conversation as it is stored; undefined where it is not exactly a pair, or goes on elsewhere. */
export function pairOf({ type, participants, mergedInto }: Stored): [string, string] | undefined {
  if ((type !== undefined && type !== 'direct') || mergedInto !== undefined) return undefined;
  if (!Array.isArray(participants) || participants.length !== 2) return undefined;
  const [a, b] = participants as unknown[];
  return typeof a === 'string' && typeof b === 'string' && a !== b ? [a, b] : undefined;
}

/** The key that it should have. */
export function keyOf(conversation: Stored): string | undefined {
  const pair = pairOf(conversation);
  return pair && participantsKey(...pair);
}
