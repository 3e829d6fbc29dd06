import type mongoose from 'mongoose';
import type { ConversationId, UserId } from '../../../contract/index.js';
import { COMMITTED } from './committed.js';
import { retryRaces } from './insertMany.js';
import { BY_CONVERSATION, type MemberDocument } from './memberDocument.js';
import { objectId } from './objectIds.js';

/** Part of a position update that other members may see: everything, delivery only, or nothing. */
export type SharedPart = 'read' | 'delivered' | 'nothing';

/** An update of a member's positions. */
export interface Position {
  conversationId: ConversationId;
  userId: UserId;
  readSeq: number;
  /** Number of counted messages up to `readSeq`. */
  readN: number;
  deliveredSeq: number;
  /** Defaults to `read`. */
  share?: SharedPart;
  /** Groups only: members who must not see this update. They keep seeing the current positions. */
  blockedWith?: readonly UserId[];
  /** True when the update results from a message that the member sent. */
  isSent?: boolean;
  /** Members who could not see earlier updates may see this one, except `blockedWith`. */
  isForAll?: boolean;
}

type Stored = Omit<MemberDocument, '_id'>;
type Collection = mongoose.mongo.Collection<Stored>;

function positionMaxima({ readSeq, readN, deliveredSeq, share = 'read' }: Position) {
  const deliveredUpTo = Math.max(readSeq, deliveredSeq);
  if (share === 'read') {
    return { lastReadSeq: readSeq, lastReadN: readN, lastDeliveredSeq: deliveredUpTo };
  }
  const read = readSeq > 0 && { privateReadSeq: readSeq, privateReadN: readN };
  const shared = {
    lastReadSeq: 0,
    lastReadN: 0,
    lastDeliveredSeq: share === 'delivered' ? deliveredUpTo : 0,
  };
  return { ...shared, ...read, ...(share === 'nothing' && { privateDeliveredSeq: deliveredUpTo }) };
}

/**
 * Ends frozen positions for members who may see this update. A message that the member sent is stored some time later: what was
 * hidden since then stays hidden.
 */
function unfreeze({ share = 'read', readSeq, blockedWith = [], isForAll = false, isSent = false }: Position) {
  if (!isForAll || share !== 'read' || readSeq === 0) return {};
  const ended = {
    ...(blockedWith.length > 0 && { userId: { $nin: [...blockedWith] } }),
    ...(isSent && { hiddenSeq: { $not: { $gt: readSeq } } }),
  };
  return Object.keys(ended).length === 0
    ? { $unset: { frozenFor: 1 as const } }
    : { $pull: { frozenFor: ended } };
}

/** Returns one upsert per position; positions behind the stored ones change nothing. */
export const toPositionUpdates = (
  positions: readonly Position[],
): mongoose.mongo.AnyBulkWriteOperation<Stored>[] =>
  positions.map((position) => ({
    updateOne: {
      filter: { conversationId: objectId(position.conversationId), userId: position.userId },
      update: {
        $max: {
          ...positionMaxima(position),
          ...(position.isSent === true && { lastSentSeq: position.readSeq }),
        },
        ...unfreeze(position),
        $currentDate: { changedAt: true as const },
      },
      upsert: true,
    },
  }));

/**
 * Stores the current positions as frozen for members who must not see an update. Needs queries only when there is a
 * block between members of the group.
 */
export async function freezePositions(collection: Collection, positions: readonly Position[]): Promise<void> {
  const restricted = positions.filter(
    ({ blockedWith = [], share }) => blockedWith.length > 0 && share !== 'nothing',
  );
  if (restricted.length === 0) return;
  const stored = await collection
    .find(
      {
        conversationId: { $in: [...new Set(restricted.map((one) => one.conversationId))].map(objectId) },
        userId: { $in: [...new Set(restricted.map(({ userId }) => userId))] },
      },
      { hint: BY_CONVERSATION, readPreference: 'primary' },
    )
    .toArray();
  const byMember = new Map(stored.map((one) => [`${one.conversationId.toHexString()} ${one.userId}`, one]));
  const updates = restricted.flatMap(({ conversationId, userId, blockedWith = [], ...hidden }) => {
    const known = byMember.get(`${conversationId} ${userId}`);
    const frozen = new Map(known?.frozenFor?.map((one) => [one.userId, one]));
    const position = { readSeq: known?.lastReadSeq ?? 0, deliveredSeq: known?.lastDeliveredSeq ?? 0 };
    const hiddenSeq = Math.max(hidden.readSeq, hidden.deliveredSeq);
    const member = { conversationId: objectId(conversationId), userId };
    return blockedWith
      .filter((other) => (frozen.get(other)?.hiddenSeq ?? -1) < hiddenSeq)
      .flatMap((other) => [
        {
          updateOne: {
            // Two devices may update at the same time: the first one stores the positions.
            filter: { ...member, 'frozenFor.userId': { $ne: other } },
            update: { $push: { frozenFor: { userId: other, ...position, hiddenSeq } } },
          },
        },
        {
          updateOne: {
            filter: { ...member, 'frozenFor.userId': other },
            update: { $max: { 'frozenFor.$.hiddenSeq': hiddenSeq } },
          },
        },
      ]);
  });
  if (updates.length === 0) return;
  await retryRaces(() => collection.bulkWrite(updates, { ordered: true, writeConcern: COMMITTED }));
}
