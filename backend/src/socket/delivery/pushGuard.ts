import { z } from 'zod';
import { PUSH_NAMES, storedUserId as userId } from '../../../../contract/index.js';
import type { LogPosition } from '../../services/ports.js';
import { placeholderPacket, type EncodedPush, type Guard } from '../encodedPush.js';

/**
 * The guard on the bus. For a new message, the redacted packet is omitted: the receiving process derives it from the
 * position.
 */
const guardShape = z.strictObject({
  from: userId,
  about: userId.optional(),
  isSecret: z.boolean(),
  isMixed: z.boolean().optional(),
  redacted: z.strictObject({ event: z.enum(PUSH_NAMES), text: z.string() }).optional(),
});

/** Encodes a guard without spaces and `|`. Returns an empty string for a push without a guard. */
export function formatGuard({ guard, event }: EncodedPush, position: LogPosition | undefined): string {
  if (guard === undefined) return '';
  const { redacted, ...rest } = guard;
  const isDerivable = event === 'message:new' && position !== undefined;
  const line = { ...rest, ...(!isDerivable && redacted !== undefined && { redacted }) };
  return `|${encodeURIComponent(JSON.stringify(line))}`;
}

/** @throws when the text was not written by `formatGuard`. */
export function parseGuard(text: string | undefined, position: LogPosition | undefined): Guard | undefined {
  if (text === undefined) return undefined;
  const { redacted, ...guard } = guardShape.parse(JSON.parse(decodeURIComponent(text)));
  return { ...guard, redacted: redacted ?? (position && placeholderPacket(position)) };
}
