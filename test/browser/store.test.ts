import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../contract/index.js';
import { RETRY } from '../../backend/public/js/errors.js';
import { holes } from '../../backend/public/js/log.js';
import {
  arrivedSeq,
  listOf,
  pendingOf,
  statusOf,
  totalUnread,
  unreadOf,
} from '../../backend/public/js/selectors.js';
import { createState, reduce } from '../../backend/public/js/store.js';
import type { Action, Conversation, Message, State } from '../../backend/public/js/types.js';
import { buildRows } from '../../backend/public/js/views/rows.js';
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
  it('are held once, however often they come', () => {
    const once = apply([news(messageView(1, BOB))], opened());
    const twice = reduce(once, news(messageView(1, BOB)));
    expect(seqs(twice)).toEqual([1]);
    expect(twice.logs).toBe(once.logs);
  });

  it('stand by seq, whatever their clocks and the order of their arrival say', () => {
    const late = messageView(1, BOB, { createdAt: '2030-01-01T00:00:00.000Z' });
    expect(
      seqs(apply([news(messageView(3, BOB)), news(late), news(messageView(2, ALICE))], opened())),
    ).toEqual([1, 2, 3]);
  });

  it('that are missing show as holes, at the end too, until they have come', () => {
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

  it('that are held before their conversation is known count when it is', () => {
    const state = apply([
      news(messageView(4, BOB)),
      { type: 'conversations', conversations: [conversationView({ lastSeq: 3, unreadCount: 3 })] },
    ]);
    expect(only(state).lastSeq).toBe(4);
    expect(unreadOf(state, only(state))).toBe(4);
  });
});

describe('the outbox', () => {
  it('gives way to the message when it arrives on whatever way', () => {
    const queued = apply([{ type: 'queued', entries: [pendingEntry(1)] }], opened());
    expect(pendingOf(queued, CONVERSATION)).toHaveLength(1);
    const sent = reduce(queued, news(messageView(1, ALICE, { clientMessageId: 'pending-1' })));
    expect(pendingOf(sent, CONVERSATION)).toEqual([]);
    expect(seqs(sent)).toEqual([1]);
  });

  it('does not give way to a message of the other under the same id', () => {
    const queued = apply([{ type: 'queued', entries: [pendingEntry(1)] }], opened());
    const heard = reduce(queued, news(messageView(1, BOB, { clientMessageId: 'pending-1' })));
    expect(pendingOf(heard, CONVERSATION)).toHaveLength(1);
  });

  it('does not take up again what turns out to be stored', () => {
    const stored = apply([news(messageView(1, ALICE, { clientMessageId: 'pending-1' }))], opened());
    const restored = reduce(stored, { type: 'queued', entries: [pendingEntry(1), pendingEntry(2)] });
    expect(restored.outbox.map(({ clientMessageId }) => clientMessageId)).toEqual(['pending-2']);
  });

  it('survives when everything else is forgotten', () => {
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

  it('stands after the messages, in its own order, under the key that the message will have', () => {
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
  it('follow the marks of the other, and only forward', () => {
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

  it('are "read" up to a message that the other wrote', () => {
    const state = apply(
      [news(messageView(1, ALICE)), news(messageView(2, BOB)), news(messageView(3, ALICE))],
      opened(),
    );
    expect([1, 3].map((seq) => statusOf(only(state), { seq }))).toEqual(['read', 'sent']);
  });

  it('are what the server says with a message of history', () => {
    const state = apply([news(messageView(1, ALICE, { status: 'delivered' }))], opened());
    expect(statusOf(only(state), { seq: 1 })).toBe('delivered');
  });
});

describe('unread', () => {
  it('is counted from what is held, and gone when it was seen', () => {
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

  it('is gone when it was read on another device', () => {
    const state = apply([news(messageView(1, BOB)), position(ALICE, 1)], opened());
    expect(unreadOf(state, only(state))).toBe(0);
  });

  it('is not raised by one’s own message: who writes has read', () => {
    const state = apply([news(messageView(1, BOB)), news(messageView(2, ALICE))], opened());
    expect(unreadOf(state, only(state))).toBe(0);
  });

  it('is the server’s number where the messages are not held, and what came since', () => {
    const view = conversationView({ lastSeq: 500, unreadCount: 120, lastReadSeq: 380 });
    const state = apply([news(messageView(501, BOB)), news(messageView(501, BOB))], opened(view));
    expect(unreadOf(state, only(state))).toBe(121);
  });

  it('counts in the total also where the list was not loaded', () => {
    const view = conversationView({ lastSeq: 2, unreadCount: 2 });
    const answer = { conversations: [view], totalUnread: 9, nextCursor: 'next', syncCursor: 'now' };
    const state = apply([{ type: 'listed', first: true, answer }]);
    expect(totalUnread(state)).toBe(9);
    expect(totalUnread(reduce(state, { type: 'seen', conversationId: CONVERSATION, seq: 2 }))).toBe(7);
  });
});

describe('delivery', () => {
  it('is reported up to what has arrived without a hole', () => {
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

describe('the list', () => {
  it('has the newest message first, and before it what is still to be sent', () => {
    const view = (letter: string, hour: number) =>
      conversationView({
        _id: letter.repeat(24),
        participants: [ALICE, letter],
        lastMessageAt: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
      });
    const state = apply([
      { type: 'conversations', conversations: [view('a', 1), view('b', 3), view('d', 2)] },
    ]);
    const order = (of: State) => listOf(of).map(({ otherId }) => otherId);
    expect(order(state)).toEqual(['b', 'd', 'a']);
    const entries = [pendingEntry(1, { conversationId: 'a'.repeat(24) })];
    expect(order(reduce(state, { type: 'queued', entries }))).toEqual(['a', 'b', 'd']);
  });
});

describe('typing', () => {
  it('ends with the message, and is never one’s own', () => {
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
});

describe('any order and repetition of the same news', () => {
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

  it('leads to the same messages, marks and unread', () => {
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

  it('never takes a status back', () => {
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

describe('error codes', () => {
  it('are handled as the contract says, all of them', () => {
    const contract = Object.fromEntries(Object.entries(ERRORS).map(([code, { retry }]) => [code, retry]));
    expect(RETRY).toEqual(contract);
  });
});
