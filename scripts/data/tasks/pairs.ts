import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import type { Stored } from '../frame/task.js';

/** The two of a direct conversation as it is stored; undefined where it is not exactly a pair, or goes on elsewhere. */
export function pairOf(conversation: Stored): [string, string] | undefined {
  const { type, participants, mergedInto } = conversation;
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
