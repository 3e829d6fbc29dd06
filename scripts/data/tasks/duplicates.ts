import { createHash } from 'node:crypto';
import type mongoose from 'mongoose';
import { scanPages } from '../frame/scan.js';
import { Stopped, type TaskContext } from '../frame/task.js';
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

/**
 * Every pair with more than one conversation, whether their documents have the key or not, and whether its index is
 * there or not. Nothing is asked of the database but pages in the order of `_id`; of each conversation a hash is kept.
 */
export async function* findDuplicates(context: TaskContext): AsyncGenerator<Duplicates> {
  const count = await context.collection('conversations').estimatedDocumentCount();
  const parts = BigInt(Math.max(1, Math.ceil(count / PART_SIZE)));
  context.progress.total(count * 2 * Number(parts), 'looking for duplicates');
  for (let part = 0n; part < parts; part += 1n) {
    const isInPart = (hash: bigint): boolean => hash % parts === part;
    const repeated = await findRepeated(context, isInPart);
    if (repeated.size === 0) {
      context.progress.advance(count);
      continue;
    }
    const groups = new Map<string, ObjectId[]>();
    for await (const { key, hash, _id } of hashes(context)) {
      if (isInPart(hash) && repeated.has(hash)) groups.set(key, [...(groups.get(key) ?? []), _id]);
    }
    for (const [key, ids] of groups) if (ids.length > 1) yield { key, ids };
  }
}

async function* hashes(
  context: TaskContext,
): AsyncGenerator<{ key: string; hash: bigint; _id: ObjectId }> {
  const conversations = context.collection('conversations');
  for await (const page of scanPages(conversations, { filter: PAIRS_ONLY, projection: PAIR_FIELDS })) {
    if (context.isStopping()) throw new Stopped();
    for (const conversation of page) {
      const key = keyOf(conversation);
      if (key !== undefined) yield { key, hash: hashOf(key), _id: conversation['_id'] as ObjectId };
    }
    context.progress.advance(page.length);
  }
}

async function findRepeated(
  context: TaskContext,
  isInPart: (hash: bigint) => boolean,
): Promise<Set<bigint>> {
  let kept = new BigUint64Array(1_024);
  let count = 0;
  for await (const { hash } of hashes(context)) {
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
