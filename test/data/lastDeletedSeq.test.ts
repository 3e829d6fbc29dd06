import { expect, test } from 'vitest';
import type { UserId } from '../../contract/index.js';
import { newConversationId, newMessageId } from '../../backend/src/models/objectIds.js';
import { emptySummary, mergeIntoSummary } from '../../backend/src/services/derived/summaries.js';
import { createDataWorld, type DataWorld } from '../support/dataScript.js';
import { build, type Doc, type World } from './support/duplicates.js';

const GIVEN: World = {
  history: [
    ...[0, 0, 1, 0].map((chat, index) => ({ chat, by: 0, laterMs: 1, deleted: index > 0 && index < 3 })),
    { chat: 2, by: 0, laterMs: 1, deleted: false },
  ].map((one) => ({ ...one, replies: false, edited: false })),
  ...{ damages: [], cleared: 0, keyAt: 0 },
};

/** Returns the stored `lastDeletedSeq` of every conversation, next to the one derived from its messages. */
async function lastDeletedSeqs(target: DataWorld): Promise<[stored: unknown, said: unknown][]> {
  const found = await target.connection
    .collection<Doc>('conversations')
    .find({ mergedInto: { $exists: false } })
    .toArray();
  return Promise.all(
    found.map(async ({ _id, lastDeletedSeq }): Promise<[unknown, unknown]> => {
      const deleted = await target.connection
        .collection('messages')
        .find({ conversationId: _id, deletedAt: { $exists: true } })
        .sort({ seq: -1 })
        .toArray();
      return [lastDeletedSeq, deleted[0]?.['seq'] as unknown];
    }),
  );
}

test('repair-counters sets lastDeletedSeq, once', async () => {
  await using target = await createDataWorld();
  await build(target, GIVEN);
  expect((await lastDeletedSeqs(target)).filter(([stored]) => stored !== undefined)).toEqual([]);
  await target.runHere('repair-counters');
  const repaired = await lastDeletedSeqs(target);
  expect(repaired.map(([stored]) => stored).sort()).toEqual([1, 2, undefined]);
  for (const [stored, said] of repaired) expect(stored).toBe(said);
  const again = await target.runHere('repair-counters', { dryRun: true });
  expect([again.code, again.report.details]).toEqual([0, []]);
});

test('a merged conversation has the correct lastDeletedSeq', async () => {
  await using target = await createDataWorld();
  await build(target, GIVEN);
  await target.runHere('cleanup-duplicate-chats');
  const [[stored, said] = [], ...others] = await lastDeletedSeqs(target);
  expect(others).toEqual([]);
  expect(stored).toBe(said);
  expect(stored).toBe(3);
});

test('an imported deleted message counts in the summary; membership events and shadows do not', () => {
  const [ann, ben] = ['ann' as UserId, 'ben' as UserId];
  const conversationId = newConversationId();
  const at = new Date();
  const said = (seq: number, more: object = {}) => ({
    ...{ _id: newMessageId(), conversationId, seq, n: seq, control: 0, senderId: ann, createdAt: at },
    ...more,
  });
  const summary = emptySummary(said(1));
  const audience = { type: 'direct', isLarge: false, userIds: [ann, ben] } as const;
  for (const one of [
    said(1, { deletedAt: at }),
    said(2, { deletedAt: at }),
    said(3),
    said(4, { deletedAt: at, shadow: true }),
    said(5, { deletedAt: at, control: 5 }),
  ]) {
    mergeIntoSummary(summary, one, audience);
  }
  expect(summary.lastDeletedSeq).toBe(2);
});
