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

/** Maximum conversations per pass; each needs 8 bytes of memory. */
const MAX_PER_PASS = 4_000_000;
const PAIR_FIELDS = { type: 1, participants: 1, mergedInto: 1 } as const;
const PAIRS_ONLY = { participants: { $size: 2 }, mergedInto: { $exists: false } } as const;

const hashOf = (key: string): bigint => createHash('sha256').update(key).digest().readBigUInt64BE();

/** Returns the number of passes over the conversations. Each pass reads them at most twice. */
export const passCount = (count: number): number => Math.max(1, Math.ceil(count / MAX_PER_PASS));

/**
 * Finds every pair with more than one conversation in use, with or without keys or their unique index. It only reads
 * pages in the order of `_id`, and keeps a hash per conversation.
 *
 * @param onPage is called with the number of conversations read; it may throw to end the search.
 */
export async function* findDuplicatePairs(
  conversations: mongoose.mongo.Collection,
  onPage: (count: number) => void,
): AsyncGenerator<Duplicates> {
  const passes = BigInt(passCount(await conversations.estimatedDocumentCount()));
  for (let pass = 0n; pass < passes; pass += 1n) {
    const isInPass = (hash: bigint): boolean => hash % passes === pass;
    const repeated = await findRepeated(hashes(conversations, onPage), isInPass);
    if (repeated.size === 0) continue;
    const groups = new Map<string, ObjectId[]>();
    for await (const { key, hash, _id } of hashes(conversations, onPage)) {
      if (isInPass(hash) && repeated.has(hash)) groups.set(key, [...(groups.get(key) ?? []), _id]);
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
  isInPass: (hash: bigint) => boolean,
): Promise<Set<bigint>> {
  let kept = new BigUint64Array(1_024);
  let count = 0;
  for await (const { hash } of found) {
    if (!isInPass(hash)) continue;
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
  for (let index = 1; index < count; index += 1) {
    const hash = sorted[index];
    if (hash !== undefined && hash === sorted[index - 1]) repeated.add(hash);
  }
  return repeated;
}
