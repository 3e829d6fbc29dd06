import { createHash } from 'node:crypto';
import type mongoose from 'mongoose';
import { pagesOf } from './pages.js';
import { keyOf } from './pairs.js';

type ObjectId = mongoose.Types.ObjectId;

/** Conversations of one pair that all are in use, oldest first. */
export interface Duplicates {
  key: string;
  ids: ObjectId[];
}

/** Conversations looked at together; what is kept of each is 8 bytes. */
const PART_SIZE = 4_000_000;
const PAIR_FIELDS = { type: 1, participants: 1, mergedInto: 1 } as const;
const PAIRS_ONLY = { participants: { $size: 2 }, mergedInto: { $exists: false } } as const;

const hashOf = (key: string): bigint => createHash('sha256').update(key).digest().readBigUInt64BE();

/** How many parts the conversations are looked at in, twice each at most. */
export const partsOf = (count: number): number => Math.max(1, Math.ceil(count / PART_SIZE));

/**
 * Every pair with more than one conversation, whether their documents have the key or not, and whether its index is
 * there or not. Nothing is asked of the database but pages in the order of `_id`; of each conversation a hash is kept.
 *
 * @param onPage is told how many were looked at; may throw to end it.
 */
export async function* findDuplicatePairs(
  conversations: mongoose.mongo.Collection,
  onPage: (count: number) => void,
): AsyncGenerator<Duplicates> {
  const parts = BigInt(partsOf(await conversations.estimatedDocumentCount()));
  for (let part = 0n; part < parts; part += 1n) {
    const isInPart = (hash: bigint): boolean => hash % parts === part;
    const repeated = await findRepeated(hashes(conversations, onPage), isInPart);
    if (repeated.size === 0) continue;
    const groups = new Map<string, ObjectId[]>();
    for await (const { key, hash, _id } of hashes(conversations, onPage)) {
      if (isInPart(hash) && repeated.has(hash)) groups.set(key, [...(groups.get(key) ?? []), _id]);
    }
    for (const [key, ids] of groups) if (ids.length > 1) yield { key, ids };
  }
}

interface Hashed {
  key: string;
  hash: bigint;
  _id: ObjectId;
}

async function* hashes(
  conversations: mongoose.mongo.Collection,
  onPage: (count: number) => void,
): AsyncGenerator<Hashed> {
  for await (const page of pagesOf(conversations, { filter: PAIRS_ONLY, projection: PAIR_FIELDS })) {
    for (const conversation of page) {
      const key = keyOf(conversation);
      if (key !== undefined) yield { key, hash: hashOf(key), _id: conversation['_id'] as ObjectId };
    }
    onPage(page.length);
  }
}

async function findRepeated(
  found: AsyncIterable<Hashed>,
  isInPart: (hash: bigint) => boolean,
): Promise<Set<bigint>> {
  let kept = new BigUint64Array(1_024);
  let count = 0;
  for await (const { hash } of found) {
    if (!isInPart(hash)) continue;
    if (count === kept.length) {
      const larger = new BigUint64Array(kept.length * 2);
      larger.set(kept);
      kept = larger;
    }
    kept[count] = hash;
    count += 1;
  }
  const sorted = kept.subarray(0, count).sort();
  const repeated = new Set<bigint>();
  for (let place = 1; place < count; place += 1) {
    const hash = sorted[place];
    if (hash !== undefined && hash === sorted[place - 1]) repeated.add(hash);
  }
  return repeated;
}
