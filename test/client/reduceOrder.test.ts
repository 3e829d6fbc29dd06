import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listOf, sortedConversations } from '../../packages/client/src/state/listSelectors.js';
import { createState, reduce } from '../../packages/client/src/state/reduce.js';
import { orderedViews } from '../../packages/client/src/state/orderedViews.js';
import { conversationOf, statusOf, unreadOf, userOf } from '../../packages/client/src/state/selectors.js';
import { totalUnread, unreadConversations } from '../../packages/client/src/state/unreadTotals.js';
import type { Action } from '../../packages/client/src/state/actions.js';
import type { ClientState } from '../../packages/client/src/state/types.js';
import {
  ALICE,
  apply,
  BOB,
  conversationView,
  memberView,
  messageView,
  moved,
  only,
  pendingEntry,
  received,
  seqsOf,
  withConversation,
} from './support/views.js';

describe('references', () => {
  const view = (letter: string) =>
    conversationView({ _id: letter.repeat(24), participants: [ALICE, letter] });
  const letters = ['a', 'b', 'd'];
  const state = reduce(createState(ALICE), { type: 'conversations', conversations: letters.map(view) });

  it('of conversations stay when the server repeats what is known', () => {
    const repeated = reduce(state, { type: 'conversations', conversations: letters.map(view) });
    expect(repeated).toBe(state);
  });

  it('of other conversations and of other messages stay when a message arrives', () => {
    const [id, other] = ['a'.repeat(24), 'b'.repeat(24)];
    const first = reduce(state, received(messageView(1, 'a', { conversationId: id })));
    const second = reduce(first, received(messageView(2, 'a', { conversationId: id })));
    expect(second.logs[id]?.[0]).toBe(first.logs[id]?.[0]);
    expect(second.conversations[other]).toBe(state.conversations[other]);
    const row = second.conversations[other];
    expect(row && conversationOf(first, row)).toBe(row && conversationOf(second, row));
    const changed = second.conversations[id];
    expect(changed && conversationOf(second, changed)).toMatchObject({ unreadCount: 2 });
  });
});

describe('user ids', () => {
  it('may be any strings, also names of properties that every object has', () => {
    const ids = ['__proto__', 'constructor', 'toString'];
    for (const id of ids) {
      const conversations = [
        conversationView({ participants: [ALICE, id], members: [memberView(ALICE), memberView(id)] }),
      ];
      const empty = createState(ALICE);
      expect(userOf(empty, id)).toEqual({ _id: id });
      const state = apply(
        empty,
        { type: 'conversations', conversations },
        received(messageView(1, ALICE)),
        moved(id, 1),
        { type: 'presence', presences: [{ userId: id, status: 'online' }] },
      );
      expect(userOf(state, id)).toEqual({ _id: id, name: id.toUpperCase(), avatar: undefined });
      expect(statusOf(only(state), { seq: 1 })).toBe('read');
      expect(Object.keys(state.presence)).toEqual([id]);
    }
  });
});

describe('any order and repetition of the same events', () => {
  const senders = fc.array(fc.constantFrom(ALICE, BOB), { minLength: 1, maxLength: 12 });
  const scenario = senders.chain((authors) => {
    const messages = authors.map((senderId, index) => received(messageView(index + 1, senderId)));
    const positions = fc.array(fc.tuple(fc.constantFrom(ALICE, BOB), fc.nat(authors.length)), {
      maxLength: 6,
    });
    return positions.chain((some) => {
      const all = [...messages, ...some.map(([userId, seq]) => moved(userId, seq))];
      const repeated = fc.array(fc.constantFrom(...all), { maxLength: 20 });
      return repeated.chain((more) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray([...all, ...more], { minLength: all.length + more.length }),
        ),
      );
    });
  });

  it('results in the same messages, positions and unread counts', () => {
    fc.assert(
      fc.property(scenario, ([ordered, shuffled]) => {
        const expected = apply(withConversation(), ...ordered);
        const actual = apply(withConversation(), ...shuffled);
        expect(seqsOf(actual)).toEqual(seqsOf(expected));
        expect(only(actual).positions).toEqual(only(expected).positions);
        expect(only(actual).lastMessage).toEqual(only(expected).lastMessage);
        expect(unreadOf(actual, only(actual))).toBe(unreadOf(expected, only(expected)));
      }),
    );
  });

  it('never moves a status back', () => {
    const rank = { sent: 0, delivered: 1, read: 2 };
    fc.assert(
      fc.property(scenario, ([, shuffled]) => {
        let state = withConversation();
        const reached = new Map<number, number>();
        for (const action of shuffled) {
          state = reduce(state, action);
          for (const seq of seqsOf(state)) {
            const now = rank[statusOf(only(state), { seq })];
            expect(now).toBeGreaterThanOrEqual(reached.get(seq) ?? 0);
            reached.set(seq, now);
          }
        }
      }),
    );
  });
});

describe('the list', () => {
  it('has the newest message first, and unsent messages above it', () => {
    const view = (letter: string, hour: number) =>
      conversationView({
        _id: letter.repeat(24),
        participants: [ALICE, letter],
        lastMessageAt: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
      });
    const conversations = [view('a', 1), view('b', 3), view('d', 2)];
    const state = reduce(createState(ALICE), { type: 'conversations', conversations });
    const order = (of: ClientState) => listOf(of).map(({ otherUserId }) => otherUserId);
    expect(order(state)).toEqual(['b', 'd', 'a']);
    const entries = [pendingEntry(1, { conversationId: 'a'.repeat(24) })];
    const queued = reduce(state, { type: 'queued', entries });
    expect(order(queued)).toEqual(['a', 'b', 'd']);
    expect(order(reduce(queued, { type: 'unqueued', clientMessageIds: ['pending-1'] }))).toEqual([
      'b',
      'd',
      'a',
    ]);
  });

  it('is the same whether it is sorted afresh or follows from the one before', () => {
    const letters = 'abdefg'.split('');
    const at = (letter: string, hour: number): Action => ({
      type: 'conversations',
      conversations: [
        conversationView({
          _id: letter.repeat(24),
          participants: [ALICE, letter],
          lastSeq: hour,
          unreadCount: hour,
          archived: hour === 9,
          lastMessageAt: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
        }),
      ],
    });
    const unsent = (letter: string): Action => ({
      type: 'queued',
      entries: [pendingEntry(1, { conversationId: letter.repeat(24) })],
    });
    const steps: Action[] = [
      { type: 'unqueued', clientMessageIds: ['pending-1'] },
      { type: 'removed', conversationId: 'b'.repeat(24) },
      ...letters.map((letter): Action => ({ type: 'seen', conversationId: letter.repeat(24), seq: 3 })),
      ...letters.flatMap((letter) => [1, 5, 9].map((hour) => at(letter, hour))),
      ...letters.map(unsent),
    ];
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom(...steps), { maxLength: 4 }), { maxLength: 12 }),
        (batches) => {
          let state = createState(ALICE);
          let sorted = sortedConversations(state);
          let ordered = orderedViews(state);
          for (const batch of batches) {
            state = apply(state, ...batch);
            sorted = sortedConversations(state, sorted);
            ordered = orderedViews(state, ordered);
            const afresh = { ...state, conversations: { ...state.conversations } };
            const records = sortedConversations(afresh);
            expect(sorted.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
            expect(ordered.views).toEqual(records.map((record) => conversationOf(afresh, record)));
            expect(totalUnread(state)).toBe(totalUnread(afresh));
            expect(unreadConversations(state)).toBe(unreadConversations(afresh));
          }
        },
      ),
    );
  });
});
