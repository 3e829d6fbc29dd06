import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectivePosition, messageStatus, unreadCount } from '../../backend/src/services/present.js';
import type { UserId } from '../../contract/index.js';

const alice = 'alice' as UserId;
const bob = 'bob' as UserId;
const RANK = { sent: 0, delivered: 1, read: 2 } as const;

const conversation = (lastSent: number[]) => ({ participants: [alice, bob], lastSent });
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

  test('is read once the other has answered it', () => {
    expect(messageStatus(conversation([5, 6]), new Map(), own)).toBe('read');
    expect(messageStatus(conversation([5, 4]), new Map(), own)).toBe('sent');
  });

  test('does not depend on how far its sender has read', () => {
    const sender = new Map([[alice, { lastReadSeq: 9, lastDeliveredSeq: 9 }]]);
    expect(messageStatus(conversation([5, 0]), sender, own)).toBe('sent');
  });

  test('only ever moves forward as positions do (invariant 7)', () => {
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

test('unread is exactly the messages of others behind the read position (invariant 7)', () => {
  const senders = fc.array(fc.constantFrom(alice, bob), { maxLength: 30 });
  fc.assert(
    fc.property(senders, fc.nat({ max: 30 }), (log, read) => {
      const lastReadSeq = Math.min(read, log.length);
      const newest = (who: UserId): number => log.lastIndexOf(who) + 1;
      const record = { ...conversation([newest(alice), newest(bob)]), lastSeq: log.length };
      const { readSeq } = effectivePosition(record, at(lastReadSeq, 0), bob);
      const expected = log.filter((sender, index) => {
        const seq = index + 1;
        return sender !== bob && seq > lastReadSeq && seq > newest(bob);
      }).length;
      expect(unreadCount(record, readSeq)).toBe(expected);
    }),
  );
});

test('what was read was delivered', () => {
  expect(effectivePosition(conversation([0, 0]), at(7, 3), bob)).toEqual({ readSeq: 7, deliveredSeq: 7 });
});

test('old documents without lastSent are read as nothing sent', () => {
  expect(effectivePosition(conversation([]), new Map(), bob)).toEqual({ readSeq: 0, deliveredSeq: 0 });
});
