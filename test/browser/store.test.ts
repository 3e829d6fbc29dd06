import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holes } from '../../page/src/log.js';
import { arrivedSeq, pendingOf, statusOf, totalUnread, unreadOf } from '../../page/src/selectors.js';
import { createState, reduce } from '../../page/src/store.js';
import type { Action, Conversation, Message, State } from '../../page/src/types.js';
import { buildRows } from '../../page/src/views/rows.js';
import { ALICE, BOB, CONVERSATION, conversationView, messageView, pendingEntry } from './support/views.js';

const apply = (actions: readonly Action[], state = createState(ALICE)): State =>
  actions.reduce(reduce, state);

const opened = (view = conversationView()): State =>
  apply([{ type: 'conversations', conversations: [view] }]);

const only = (state: State): Conversation => {
  const conversation = state.conversations[CONVERSATION];
  if (conversation === undefined) throw new Error('the conversation is not held');
  return conversation;
};

const seqs = (state: State): number[] => (state.logs[CONVERSATION] ?? []).map(({ seq }) => seq);

const news = (message: Message): Action => ({ type: 'message', message });

const position = (userId: string, readSeq: number, deliveredSeq = readSeq): Action => ({
  type: 'position',
  position: { conversationId: CONVERSATION, userId, readSeq, deliveredSeq },
});

describe('messages', () => {
  it('are stored once, however often they arrive', () => {
    const once = apply([news(messageView(1, BOB))], opened());
    const twice = reduce(once, news(messageView(1, BOB)));
    expect(seqs(twice)).toEqual([1]);
    expect(twice.logs).toBe(once.logs);
  });

  it('are ordered by seq, whatever their times and the order of their arrival', () => {
    const late = messageView(1, BOB, { createdAt: '2030-01-01T00:00:00.000Z' });
    expect(
      seqs(apply([news(messageView(3, BOB)), news(late), news(messageView(2, ALICE))], opened())),
    ).toEqual([1, 2, 3]);
  });

  it('that are missing show as gaps, also at the end, until they have arrived', () => {
    const gapped = apply(
      [
        news(messageView(5, BOB)),
        news(messageView(7, BOB)),
        { type: 'head', conversationId: CONVERSATION, lastSeq: 9 },
      ],
      opened(),
    );
    const missing = (state: State) => holes(state.logs[CONVERSATION] ?? [], only(state).lastSeq);
    expect(missing(gapped)).toEqual([
      { from: 6, to: 6 },
      { from: 8, to: 9 },
    ]);
    const messages = [6, 8, 9].map((seq) => messageView(seq, BOB));
    const whole = reduce(gapped, {
      type: 'page',
      conversationId: CONVERSATION,
      answer: { messages, lastSeq: 9, hasMore: false },
      seenRev: 0,
    });
    expect(missing(whole)).toEqual([]);
    expect(seqs(whole)).toEqual([5, 6, 7, 8, 9]);
  });

  it('that arrive before their conversation is known are counted when it is', () => {
    const state = apply([
      news(messageView(4, BOB)),
      { type: 'conversations', conversations: [conversationView({ lastSeq: 3, unreadCount: 3 })] },
    ]);
    expect(only(state).lastSeq).toBe(4);
    expect(unreadOf(state, only(state))).toBe(4);
  });
});

describe('the outbox', () => {
  it('drops an entry when its message arrives by any way', () => {
    const queued = apply([{ type: 'queued', entries: [pendingEntry(1)] }], opened());
    expect(pendingOf(queued, CONVERSATION)).toHaveLength(1);
    const sent = reduce(queued, news(messageView(1, ALICE, { clientMessageId: 'pending-1' })));
    expect(pendingOf(sent, CONVERSATION)).toEqual([]);
    expect(seqs(sent)).toEqual([1]);
  });

  it('keeps an entry when the other user’s message has the same id', () => {
    const queued = apply([{ type: 'queued', entries: [pendingEntry(1)] }], opened());
    const heard = reduce(queued, news(messageView(1, BOB, { clientMessageId: 'pending-1' })));
    expect(pendingOf(heard, CONVERSATION)).toHaveLength(1);
  });

  it('does not restore an entry that turns out to be stored', () => {
    const stored = apply([news(messageView(1, ALICE, { clientMessageId: 'pending-1' }))], opened());
    const restored = reduce(stored, { type: 'queued', entries: [pendingEntry(1), pendingEntry(2)] });
    expect(restored.outbox.map(({ clientMessageId }) => clientMessageId)).toEqual(['pending-2']);
  });

  it('survives when everything else is dropped', () => {
    const state = apply(
      [
        news(messageView(1, BOB)),
        { type: 'queued', entries: [pendingEntry(2), pendingEntry(1)] },
        { type: 'failed', clientMessageId: 'pending-1', code: 'BLOCKED' },
        { type: 'opened', conversationId: CONVERSATION },
        { type: 'forgotten' },
      ],
      opened(),
    );
    expect(state.conversations).toEqual({});
    expect(state.logs).toEqual({});
    expect(state.cursor).toBeUndefined();
    expect(state.outbox).toMatchObject([
      { clientMessageId: 'pending-1', state: 'failed', code: 'BLOCKED' },
      { clientMessageId: 'pending-2', state: 'waiting' },
    ]);
    expect(state.openId).toBe(CONVERSATION);
    expect(state.era).toBe(1);
  });

  it('is shown after the messages, in its own order, with the key that the message will have', () => {
    const state = apply(
      [news(messageView(1, BOB)), { type: 'queued', entries: [pendingEntry(2), pendingEntry(1)] }],
      opened(),
    );
    const view = { id: CONVERSATION, low: 0, high: Infinity, newFrom: undefined };
    const keys = (of: State) =>
      buildRows(of, view)
        .filter(({ kind }) => kind === 'message')
        .map(({ key }) => key);
    expect(keys(state)).toEqual(['bob/id-1', 'alice/pending-1', 'alice/pending-2']);
    const sent = reduce(state, news(messageView(2, ALICE, { clientMessageId: 'pending-1' })));
    expect(keys(sent)).toEqual(keys(state));
  });
});

describe('statuses', () => {
  it('follow the positions of the other user, and only move forward', () => {
    let state = apply([news(messageView(1, ALICE)), news(messageView(2, ALICE))], opened());
    const status = () => [1, 2].map((seq) => statusOf(only(state), { seq }));
    expect(status()).toEqual(['sent', 'sent']);
    state = reduce(state, position(BOB, 0, 2));
    expect(status()).toEqual(['delivered', 'delivered']);
    state = reduce(state, position(BOB, 1));
    expect(status()).toEqual(['read', 'delivered']);
    state = reduce(state, position(BOB, 0, 0));
    expect(status()).toEqual(['read', 'delivered']);
    state = reduce(state, { type: 'conversations', conversations: [conversationView({ lastSeq: 2 })] });
    expect(status()).toEqual(['read', 'delivered']);
  });

  it('are "read" up to a message that the other user wrote', () => {
    const state = apply(
      [news(messageView(1, ALICE)), news(messageView(2, BOB)), news(messageView(3, ALICE))],
      opened(),
    );
    expect([1, 3].map((seq) => statusOf(only(state), { seq }))).toEqual(['read', 'sent']);
  });

  it('are taken from messages of the history', () => {
    const state = apply([news(messageView(1, ALICE, { status: 'delivered' }))], opened());
    expect(statusOf(only(state), { seq: 1 })).toBe('delivered');
  });
});

describe('unread', () => {
  it('is counted from loaded messages, and zero when they were seen', () => {
    let state = apply(
      [1, 2, 3].map((seq) => news(messageView(seq, BOB))),
      opened(),
    );
    expect(unreadOf(state, only(state))).toBe(3);
    state = reduce(state, { type: 'seen', conversationId: CONVERSATION, seq: 2 });
    expect(unreadOf(state, only(state))).toBe(1);
    state = reduce(state, { type: 'seen', conversationId: CONVERSATION, seq: 3 });
    expect(unreadOf(state, only(state))).toBe(0);
  });

  it('does not count what was deleted for everyone', () => {
    const state = apply(
      [
        news(messageView(1, BOB)),
        news(messageView(2, BOB, { content: '', deletedAt: '2026-01-01T00:00:00.000Z' })),
      ],
      opened(),
    );
    expect(unreadOf(state, only(state))).toBe(1);
  });

  it('is zero when it was read on another device', () => {
    const state = apply([news(messageView(1, BOB)), position(ALICE, 1)], opened());
    expect(unreadOf(state, only(state))).toBe(0);
  });

  it('is not raised by the user’s own message, which counts as reading', () => {
    const state = apply([news(messageView(1, BOB)), news(messageView(2, ALICE))], opened());
    expect(unreadOf(state, only(state))).toBe(0);
  });

  it('is the server’s number where messages are not loaded, plus what arrived since', () => {
    const view = conversationView({ lastSeq: 500, unreadCount: 120, lastReadSeq: 380 });
    const state = apply([news(messageView(501, BOB)), news(messageView(501, BOB))], opened(view));
    expect(unreadOf(state, only(state))).toBe(121);
  });

  it('is included in the total where the list was not loaded', () => {
    const view = conversationView({ lastSeq: 2, unreadCount: 2 });
    const answer = { conversations: [view], totalUnread: 9, nextCursor: 'next', syncCursor: 'now' };
    const state = apply([{ type: 'listed', first: true, answer }]);
    expect(totalUnread(state)).toBe(9);
    expect(totalUnread(reduce(state, { type: 'seen', conversationId: CONVERSATION, seq: 2 }))).toBe(7);
  });
});

describe('delivery', () => {
  it('is acknowledged up to the last message without a gap before it', () => {
    const behind = opened(conversationView({ lastSeq: 6, unreadCount: 6 }));
    const gapped = apply([news(messageView(6, BOB))], behind);
    expect(arrivedSeq(gapped, only(gapped))).toBe(0);
    const whole = apply(
      [1, 2, 3, 4, 5].map((seq) => news(messageView(seq, BOB))),
      gapped,
    );
    expect(arrivedSeq(whole, only(whole))).toBe(6);
  });
});

describe('typing', () => {
  it('ends with the message, and is never shown to its author', () => {
    const typing = (userId: string): Action => ({
      type: 'typing',
      conversationId: CONVERSATION,
      userId,
      typing: true,
    });
    expect(apply([typing(ALICE)], opened()).typing).toEqual({});
    const typed = apply([typing(BOB)], opened());
    expect(typed.typing).toEqual({ [CONVERSATION]: BOB });
    expect(reduce(typed, news(messageView(1, BOB))).typing).toEqual({});
  });

  it('ends when its author is gone, and without a connection', () => {
    const typed = apply(
      [{ type: 'typing', conversationId: CONVERSATION, userId: BOB, typing: true }],
      opened(),
    );
    const presence = (userId: string): Action => ({
      type: 'presence',
      presences: [{ userId, status: 'offline' }],
    });
    expect(reduce(typed, presence('carol')).typing).toEqual({ [CONVERSATION]: BOB });
    expect(reduce(typed, presence(BOB)).typing).toEqual({});
    expect(reduce(typed, { type: 'connection', connection: { status: 'waiting' } }).typing).toEqual({});
  });
});

describe('any order and repetition of the same events', () => {
  const senders = fc.array(fc.constantFrom(ALICE, BOB), { minLength: 1, maxLength: 12 });
  const scenario = senders.chain((who) => {
    const messages = who.map((senderId, index) => news(messageView(index + 1, senderId)));
    const marks = fc.array(fc.tuple(fc.constantFrom(ALICE, BOB), fc.nat(who.length)), { maxLength: 6 });
    return marks.chain((some) => {
      const all = [...messages, ...some.map(([userId, seq]) => position(userId, seq))];
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
        const expected = apply(ordered, opened());
        const actual = apply(shuffled, opened());
        expect(seqs(actual)).toEqual(seqs(expected));
        expect(only(actual).marks).toEqual(only(expected).marks);
        expect(only(actual).lastMessage).toEqual(only(expected).lastMessage);
        expect(unreadOf(actual, only(actual))).toBe(unreadOf(expected, only(expected)));
      }),
    );
  });

  it('never moves a status back', () => {
    const rank = { sent: 0, delivered: 1, read: 2 };
    fc.assert(
      fc.property(scenario, ([, shuffled]) => {
        let state = opened();
        const reached = new Map<number, number>();
        for (const action of shuffled) {
          state = reduce(state, action);
          for (const seq of seqs(state)) {
            const now = rank[statusOf(only(state), { seq })];
            expect(now).toBeGreaterThanOrEqual(reached.get(seq) ?? 0);
            reached.set(seq, now);
          }
        }
      }),
    );
  });
});
