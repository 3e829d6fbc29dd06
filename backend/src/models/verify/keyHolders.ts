import type mongoose from 'mongoose';
import type { ObjectId } from '../objectIds.js';
import { showCommand, TASK, type Remedy } from './remedy.js';
import { keyOf, pairOf, type Stored } from './pairs.js';

/** Documents that hold the pair keys which conversations of a page lack. */
export interface PairKeyHolders {
  /**
   * Returns the remedy for a pair without a key. Undefined when the key is held by a document merged into this
   * conversation. Undefined also when another conversation of the pair is in use: the two are reported as
   * duplicates.
   */
  helpFor(conversation: Stored, key: string): Remedy | undefined;
}

const FIELDS = { participantsKey: 1, mergedInto: 1, type: 1, participants: 1 } as const;

export async function findKeyHolders(
  { conversations }: { conversations: mongoose.mongo.Collection },
  page: readonly Stored[],
): Promise<PairKeyHolders> {
  const keys = page.flatMap((one) => (one['participantsKey'] === undefined ? (keyOf(one) ?? []) : []));
  const held =
    keys.length === 0
      ? []
      : await conversations
          .find({ participantsKey: { $in: keys } }, { projection: FIELDS, readPreference: 'primary' })
          .toArray();
  const holders = new Map(held.map((one) => [String(one['participantsKey']), one]));
  const targets = held.flatMap(({ mergedInto }) =>
    mergedInto === undefined ? [] : [mergedInto as ObjectId],
  );
  const found =
    targets.length === 0
      ? []
      : await conversations
          .find({ _id: { $in: targets } }, { projection: FIELDS, readPreference: 'primary' })
          .toArray();
  const inUse = new Set(found.filter((one) => pairOf(one) !== undefined).map(({ _id }) => String(_id)));
  return {
    helpFor: (conversation, key) => {
      const holder = holders.get(key);
      if (holder === undefined) return TASK.key;
      const { mergedInto } = holder;
      if (String(mergedInto) === String(conversation['_id'])) return undefined;
      if (mergedInto === undefined) return keyOf(holder) === key ? undefined : TASK.key;
      return inUse.has(String(mergedInto)) ? undefined : showCommand(holder._id);
    },
  };
}
