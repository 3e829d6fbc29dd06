import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectivePosition, unreadCount } from '../../backend/src/services/positions/positions.js';
import { messageStatus } from '../../backend/src/services/positions/deliveryStatus.js';
import type { UserId } from '../../contract/index.js';

const alice = 'alice' as UserId;
const bob = 'bob' as UserId;
const RANK = { sent: 0, delivered: 1, read: 2 } as const;

/** Creates a direct conversation that contains only messages, so that `n` equals `seq`. */
const conversation = (lastSent: number[]) => ({
  ...{ type: 'direct' as const, participants: [alice, bob], lastSeq: 10, messageCount: 10 },
  ...{ lastSent, lastSentN: lastSent },
});
const at = (lastReadSeq: number, lastDeliveredSeq: number) =>
  new Map([[bob, { lastReadSeq, lastDeliveredSeq }]]);
const own = { seq: 5, senderId: alice };

describe('the status of a message', () => {
  test.each([
    ['sent', at(0, 0)],
    ['sent', at(4, 4)],
    ['delivered', at(4, 5)],
    ['delivered', at(0, 9)],
    ['read', at(5, 5)],
    ['read', at(9, 9)],
  ])('is %s by how far the other has come', (status, positions) => {
    expect(messageStatus(conversation([5, 0]), positions, own)).toBe(status);
  });

  test('is read once the other user has replied', () => {
    expect(messageStatus(conversation([5, 6]), new Map(), own)).toBe('read');
    expect(messageStatus(conversation([5, 4]), new Map(), own)).toBe('sent');
  });

  test('does not depend on how far its sender has read', () => {
    const sender = new Map([[alice, { lastReadSeq: 9, lastDeliveredSeq: 9 }]]);
    expect(messageStatus(conversation([5, 0]), sender, own)).toBe('sent');
  });

  test('only moves forward with the positions (promise 7)', () => {
    const place = fc.nat({ max: 10 });
    fc.assert(
      fc.property(fc.array(fc.tuple(place, place, place)), (moves) => {
        let read = 0;
        let delivered = 0;
        let sent = 0;
        let rank = 0;
        for (const [moreRead, moreDelivered, moreSent] of moves) {
          read = Math.max(read, moreRead);
          delivered = Math.max(delivered, moreDelivered);
          sent = Math.max(sent, moreSent);
          const status = messageStatus(conversation([5, sent]), at(read, delivered), own);
          expect(RANK[status]).toBeGreaterThanOrEqual(rank);
          rank = RANK[status];
        }
      }),
    );
  });
});

/** Returns the summary of a log of messages and membership events. */
function countedLog(log: readonly (UserId | 'control')[]) {
  const countUpTo = (seq: number): number => log.slice(0, seq).filter((entry) => entry !== 'control').length;
  const lastSent = [alice, bob].map((who) => log.lastIndexOf(who) + 1);
  const record = {
    ...conversation(lastSent),
    ...{ lastSentN: lastSent.map(countUpTo), lastSeq: log.length, messageCount: countUpTo(log.length) },
  };
  return { record, countUpTo };
}

test('unread is exactly the messages of others after the read position; membership events do not count (promise 7)', () => {
  const entries = fc.array(fc.constantFrom(alice, bob, 'control' as const), { maxLength: 30 });
  const place = fc.nat({ max: 30 });
  fc.assert(
    fc.property(entries, place, place, (log, read, cleared) => {
      const { record, countUpTo } = countedLog(log);
      const lastReadSeq = Math.min(read, log.length);
      const clearedSeq = Math.min(cleared, log.length);
      const stored = {
        ...{ lastReadSeq, lastReadN: countUpTo(lastReadSeq), lastDeliveredSeq: 0 },
        ...{ clearedSeq, clearedN: countUpTo(clearedSeq) },
      };
      const position = effectivePosition(record, new Map([[bob, stored]]), bob);
      const seenThrough = Math.max(lastReadSeq, clearedSeq, log.lastIndexOf(bob) + 1);
      const expected = log.slice(seenThrough).filter((entry) => entry === alice).length;
      expect(unreadCount(record, position)).toBe(expected);
    }),
  );
});

test('a read message counts as delivered', () => {
  expect(effectivePosition(conversation([0, 0]), at(7, 3), bob)).toEqual({
    ...{ readSeq: 7, readN: 7, deliveredSeq: 7, hiddenNs: [] },
  });
});

test('old documents without lastSent count as nothing sent', () => {
  expect(effectivePosition(conversation([]), new Map(), bob)).toEqual({
    ...{ readSeq: 0, readN: 0, deliveredSeq: 0, hiddenNs: [] },
  });
});
