import { z } from 'zod';
import { userId } from '../../../contract/index.js';
import type { Place } from '../services/ports.js';
import { hiddenPacket, type EncodedPush, type Guard } from './delivery.js';

/** Between processes: who did it, whether it is secret, and what others get; of a message its place says that. */
const guardTuple = z.tuple([userId, z.boolean(), z.string().nullable()]);

/** As a part of a line without spaces and `|`; nothing for a push that everybody in its rooms may hear. */
export function formatGuard({ guard, event }: EncodedPush, place: Place | undefined): string {
  if (guard === undefined) return '';
  const veiled = event === 'message:new' && place !== undefined ? null : (guard.veiled ?? null);
  return `|${encodeURIComponent(JSON.stringify([guard.from, guard.isSecret, veiled]))}`;
}

/** @throws for what no process of this server says. */
export function parseGuard(text: string | undefined, place: Place | undefined): Guard | undefined {
  if (text === undefined) return undefined;
  const [from, isSecret, veiled] = guardTuple.parse(JSON.parse(decodeURIComponent(text)));
  return { from, isSecret, veiled: veiled ?? (place && hiddenPacket(place)) };
}
