import type mongoose from 'mongoose';
import type { ObjectId } from '../objectIds.js';
import { isHalfSplit, hasEnded } from './derivable.js';
import { showCommand, TASK, type Remedy } from './remedy.js';
import type { Stored } from './pairs.js';

interface Collections {
  messages: mongoose.mongo.Collection;
  members: mongoose.mongo.Collection;
}

/** Messages without a valid `seq` in one conversation. */
export interface Placeless {
  /** Number of messages whose sender is a member: `place-messages` can repair them. */
  repairable: number;
  /** Ids of the other messages, at most `MAX_LISTED` examined. */
  others: string[];
}

/** Maximum messages examined per conversation. */
const MAX_LISTED = 1_000;
/** Filter of messages without a valid `seq`. */
export const WITHOUT_SEQ: Stored = { seq: { $not: { $gte: 1 } } };

/**
 * True when the sender is a member, so that the message may get a `seq`. Messages of other users are never made
 * visible.
 */
export function isSenderMember(
  { participants }: Stored,
  senderId: unknown,
  memberIds: ReadonlySet<string>,
): boolean {
  if (typeof senderId !== 'string') return false;
  return (Array.isArray(participants) && participants.includes(senderId)) || memberIds.has(senderId);
}

/**
 * Returns the users with a document in `members` for a conversation. The document remains when a member leaves.
 */
export async function findMemberIds(
  { members }: Pick<Collections, 'members'>,
  conversationId: ObjectId,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (userIds.length === 0) return new Set();
  const found = await members
    .find(
      { conversationId, userId: { $in: [...userIds] } },
      { projection: { userId: 1 }, readPreference: 'primary' },
    )
    .toArray();
  return new Set(found.map(({ userId }) => String(userId)));
}

/** Called only for the few conversations that have messages without a `seq`. */
export async function findPlaceless(collections: Collections, conversation: Stored): Promise<Placeless> {
  const conversationId = conversation['_id'] as ObjectId;
  const found = await collections.messages
    .find(
      { conversationId, ...WITHOUT_SEQ },
      { projection: { senderId: 1 }, limit: MAX_LISTED, readPreference: 'primary' },
    )
    .toArray();
  const senders = [
    ...new Set(found.flatMap(({ senderId }) => (typeof senderId === 'string' ? [senderId] : []))),
  ];
  const memberIds = await findMemberIds(collections, conversationId, senders);
  // An interrupted split needs its messages repaired before it can continue.
  const isFinal = hasEnded(conversation) && !isHalfSplit(conversation);
  const others = found.filter(
    ({ senderId }) => isFinal || !isSenderMember(conversation, senderId, memberIds),
  );
  return { repairable: found.length - others.length, others: others.map(({ _id }) => _id.toHexString()) };
}

/** Remedy for messages without a `seq`. */
export const placelessRemedy = ({ repairable, others }: Placeless): Remedy =>
  repairable > 0 ? TASK.place : showCommand(others[0]);
