import { describe, expect, it } from 'vitest';
import { gapsIn } from '../../packages/client/src/state/log.js';
import { createState, reduce } from '../../packages/client/src/state/reduce.js';
import {
  arrivedSeq,
  messagesIn,
  pendingOf,
  readersOf,
  statusOf,
  unreadOf,
} from '../../packages/client/src/state/selectors.js';
import type { Action } from '../../packages/client/src/state/actions.js';
import { totalUnread } from '../../packages/client/src/state/unreadTotals.js';
import type { ClientState } from '../../packages/client/src/state/types.js';
import {
  ALICE,
  apply,
  BOB,
  CONVERSATION,
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

describe('messages', () => {
  it('are stored once, however often they arrive', () => {
    const once = apply(withConversation(), received(messageView(1, BOB)));
    const twice = reduce(once, received(messageView(1, BOB)));
    expect(seqsOf(twice)).toEqual([1]);
    expect(twice).toBe(once);
  });

  it('are ordered by seq, whatever their times and the order of their arrival', () => {
    const late = messageView(1, BOB, { createdAt: '2030-01-01T00:00:00.000Z' });
    const state = apply(
      withConversation(),
      received(messageView(3, BOB)),
      received(late),
      received(messageView(2, ALICE)),
    );
    expect(seqsOf(state)).toEqual([1, 2, 3]);
  });

  it('that are missing show as gaps, also at the end, until they have arrived', () => {
    const gapped = apply(withConversation(), received(messageView(5, BOB)), received(messageView(7, BOB)), {
      type: 'head',
      conversationId: CONVERSATION,
      lastSeq: 9,
    });
    const missing = (state: ClientState) => gapsIn(state.logs[CONVERSATION] ?? [], only(state).lastSeq);
    expect(missing(gapped)).toEqual([
      { fromSeq: 6, toSeq: 6 },
      { fromSeq: 8, toSeq: 9 },
    ]);
    const messages = [6, 8, 9].map((seq) => messageView(seq, BOB));
    const whole = reduce(gapped, {
      type: 'page',
      conversationId: CONVERSATION,
      page: { messages, lastSeq: 9, hasMore: false },
      seenRev: 0,
    });
    expect(missing(whole)).toEqual([]);
    expect(seqsOf(whole)).toEqual([5, 6, 7, 8, 9]);
  });

  it('that arrive before their conversation is known are counted when it is', () => {
    const state = apply(createState(ALICE), received(messageView(4, BOB)), {
      type: 'conversations',
      conversations: [conversationView({ lastSeq: 3, unreadCount: 3 })],
    });
    expect(only(state).lastSeq).toBe(4);
    expect(unreadOf(state, only(state))).toBe(4);
  });

  it('of a closed conversation are kept up to a limit, of an open one all', () => {
    const opened = apply(withConversation(), { type: 'opened', conversationId: CONVERSATION });
    const messages = Array.from({ length: 450 }, (_, index) => received(messageView(index + 1, BOB)));
    expect(seqsOf(apply(withConversation(), ...messages)).length).toBeLessThanOrEqual(400);
    const full = apply(opened, ...messages);
    expect(seqsOf(full)).toHaveLength(450);
    const closed = reduce(full, { type: 'closed', conversationId: CONVERSATION });
    expect(seqsOf(closed)).toEqual(Array.from({ length: 300 }, (_, index) => index + 151));
  });
});

describe('an open conversation', () => {
  const open: Action = { type: 'opened', conversationId: CONVERSATION };
  const close: Action = { type: 'closed', conversationId: CONVERSATION };

  it('is closed when it was closed as often as it was opened', () => {
    const twice = apply(withConversation(), open, open, close);
    expect(twice.open[CONVERSATION]).toMatchObject({ count: 1 });
    expect(apply(twice, close).open).toEqual({});
    expect(apply(twice, close, close).open).toEqual({});
  });

  it('marks the first message that was unread when it was opened, until it is closed', () => {
    const unread = apply(withConversation(), received(messageView(1, BOB)), received(messageView(2, BOB)));
    const opened = apply(unread, open, { type: 'seen', conversationId: CONVERSATION, seq: 2 }, open);
    expect(opened.open[CONVERSATION]?.firstUnreadSeq).toBe(1);
    expect(apply(opened, close, close, open).open[CONVERSATION]?.firstUnreadSeq).toBeUndefined();
  });
});

describe('the outbox', () => {
  it('drops an entry when its message arrives by any way', () => {
    const queued = apply(withConversation(), { type: 'queued', entries: [pendingEntry(1)] });
    expect(pendingOf(queued, CONVERSATION)).toHaveLength(1);
    const sent = reduce(queued, received(messageView(1, ALICE, { clientMessageId: 'pending-1' })));
    expect(pendingOf(sent, CONVERSATION)).toEqual([]);
    expect(seqsOf(sent)).toEqual([1]);
  });

  it('keeps an entry when the other user’s message has the same id', () => {
    const queued = apply(withConversation(), { type: 'queued', entries: [pendingEntry(1)] });
    const heard = reduce(queued, received(messageView(1, BOB, { clientMessageId: 'pending-1' })));
    expect(pendingOf(heard, CONVERSATION)).toHaveLength(1);
  });

  it('does not restore an entry that turns out to be stored', () => {
    const stored = apply(
      withConversation(),
      received(messageView(1, ALICE, { clientMessageId: 'pending-1' })),
    );
    const restored = reduce(stored, { type: 'queued', entries: [pendingEntry(1), pendingEntry(2)] });
    expect(restored.outbox.map(({ clientMessageId }) => clientMessageId)).toEqual(['pending-2']);
  });

  it('survives when everything else is dropped, and goes with its user', () => {
    const state = apply(
      withConversation(),
      received(messageView(1, BOB)),
      { type: 'queued', entries: [pendingEntry(2), pendingEntry(1)] },
      { type: 'failed', clientMessageId: 'pending-1', code: 'BLOCKED' },
      { type: 'opened', conversationId: CONVERSATION },
      { type: 'cacheDropped' },
    );
    expect(state).toMatchObject({ conversations: {}, logs: {}, cursor: undefined, generation: 1 });
    expect(state.outbox).toMatchObject([
      { clientMessageId: 'pending-1', status: 'failed', code: 'BLOCKED' },
      { clientMessageId: 'pending-2', status: 'pending' },
    ]);
    expect(state.open[CONVERSATION]).toBeDefined();
    const other = reduce(state, { type: 'userChanged', userId: 'carol' });
    expect(other).toMatchObject({ userId: 'carol', outbox: [], conversations: {}, users: {}, reads: {} });
  });

  it('keeps what was written before the user was known', () => {
    const early = reduce(createState(''), { type: 'queued', entries: [pendingEntry(1)] });
    expect(reduce(early, { type: 'userChanged', userId: ALICE }).outbox).toHaveLength(1);
  });
});

describe('statuses', () => {
  it('follow the positions of the other user, and only move forward', () => {
    let state = apply(withConversation(), received(messageView(1, ALICE)), received(messageView(2, ALICE)));
    const status = () => [1, 2].map((seq) => statusOf(only(state), { seq }));
    expect(status()).toEqual(['sent', 'sent']);
    state = reduce(state, moved(BOB, 0, 2));
    expect(status()).toEqual(['delivered', 'delivered']);
    state = reduce(state, moved(BOB, 1));
    expect(status()).toEqual(['read', 'delivered']);
    state = reduce(state, moved(BOB, 0, 0));
    expect(status()).toEqual(['read', 'delivered']);
    state = reduce(state, { type: 'conversations', conversations: [conversationView({ lastSeq: 2 })] });
    expect(status()).toEqual(['read', 'delivered']);
  });

  it('are "read" up to a message that the other user wrote', () => {
    const state = apply(
      withConversation(),
      received(messageView(1, ALICE)),
      received(messageView(2, BOB)),
      received(messageView(3, ALICE)),
    );
    expect([1, 3].map((seq) => statusOf(only(state), { seq }))).toEqual(['read', 'sent']);
  });

  it('do not depend on members who joined after the message: their positions come from joining', () => {
    const late = { ...memberView('dan', 1), joinedSeq: 2 };
    const members = [memberView(ALICE), memberView(BOB), late];
    const view = conversationView({ type: 'group', members, lastSeq: 2 });
    let state = apply(withConversation(), { type: 'conversations', conversations: [view] });
    const message = { seq: 1, senderId: ALICE };
    expect(readersOf(only(state), message)).toEqual([]);
    state = reduce(state, moved('dan', 2));
    expect(readersOf(only(state), message)).toEqual([]);
    state = reduce(state, moved(BOB, 1));
    expect(readersOf(only(state), message)).toEqual([BOB]);
    expect(statusOf(only(state), message)).toBe('read');
    const alone = { ...view, members: [memberView(ALICE), late] };
    state = apply(withConversation(), { type: 'conversations', conversations: [alone] });
    expect(statusOf(only(state), message)).toBe('sent');
  });

  it('are taken from messages of the history', () => {
    const state = apply(withConversation(), received(messageView(1, ALICE, { status: 'delivered' })));
    expect(statusOf(only(state), { seq: 1 })).toBe('delivered');
  });

  it('are current in the shown messages, which keep their references until theirs changes', () => {
    const sent = apply(withConversation(), received(messageView(1, ALICE)), received(messageView(2, ALICE)));
    const shown = (state: ClientState) => messagesIn(state.logs[CONVERSATION] ?? [], only(state), ALICE);
    const read = reduce(sent, moved(BOB, 1));
    const [first, second] = [shown(sent), shown(read)];
    expect(second.map(({ status }) => status)).toEqual(['read', 'sent']);
    expect(second[1]).toBe(first[1]);
    expect(shown(read)[0]).toBe(second[0]);
  });
});

describe('unread', () => {
  it('is counted from loaded messages, and zero when they were seen', () => {
    let state = apply(withConversation(), ...[1, 2, 3].map((seq) => received(messageView(seq, BOB))));
    expect(unreadOf(state, only(state))).toBe(3);
    state = reduce(state, { type: 'seen', conversationId: CONVERSATION, seq: 2 });
    expect(unreadOf(state, only(state))).toBe(1);
    state = reduce(state, { type: 'seen', conversationId: CONVERSATION, seq: 3 });
    expect(unreadOf(state, only(state))).toBe(0);
  });

  it('does not count what was deleted for everyone', () => {
    const deleted = messageView(2, BOB, { content: '', deletedAt: '2026-01-01T00:00:00.000Z' });
    const state = apply(withConversation(), received(messageView(1, BOB)), received(deleted));
    expect(unreadOf(state, only(state))).toBe(1);
  });

  it('is zero when it was read on another device', () => {
    const state = apply(withConversation(), received(messageView(1, BOB)), moved(ALICE, 1));
    expect(unreadOf(state, only(state))).toBe(0);
  });

  it('is not raised by the user’s own message, which counts as reading', () => {
    const state = apply(withConversation(), received(messageView(1, BOB)), received(messageView(2, ALICE)));
    expect(unreadOf(state, only(state))).toBe(0);
  });

  it('is the server’s number where messages are not loaded, plus what arrived since', () => {
    const view = { lastSeq: 500, unreadCount: 120, lastReadSeq: 380 };
    const state = apply(
      withConversation(view),
      received(messageView(501, BOB)),
      received(messageView(501, BOB)),
    );
    expect(unreadOf(state, only(state))).toBe(121);
  });

  it('is included in the total where the list was not loaded', () => {
    const view = conversationView({ lastSeq: 2, unreadCount: 2 });
    const page = {
      conversations: [view],
      totalUnread: 9,
      mutedUnread: 0,
      nextCursor: 'next',
      syncCursor: 'now',
    };
    const state = apply(createState(ALICE), { type: 'listed', isFirst: true, page });
    expect(totalUnread(state)).toBe(9);
    expect(totalUnread(reduce(state, { type: 'seen', conversationId: CONVERSATION, seq: 2 }))).toBe(7);
  });
});

describe('delivery', () => {
  it('is acknowledged up to the last message without a gap before it', () => {
    const behind = withConversation({ lastSeq: 6, unreadCount: 6 });
    const gapped = apply(behind, received(messageView(6, BOB)));
    expect(arrivedSeq(gapped, only(gapped))).toBe(0);
    const whole = apply(gapped, ...[1, 2, 3, 4, 5].map((seq) => received(messageView(seq, BOB))));
    expect(arrivedSeq(whole, only(whole))).toBe(6);
  });
});

describe('typing', () => {
  const typing = (userId: string): Action => ({
    type: 'typing',
    conversationId: CONVERSATION,
    userId,
    typing: true,
  });

  it('ends with the message, and is never shown to its author', () => {
    expect(apply(withConversation(), typing(ALICE)).typing).toEqual({});
    const typed = apply(withConversation(), typing(BOB), typing('carol'));
    expect(typed.typing).toEqual({ [CONVERSATION]: [BOB, 'carol'] });
    expect(reduce(typed, received(messageView(1, BOB))).typing).toEqual({ [CONVERSATION]: ['carol'] });
  });

  it('ends when its author is gone, and without a connection', () => {
    const typed = apply(
      withConversation(),
      { type: 'connection', connection: { status: 'online' } },
      typing(BOB),
    );
    const offline = (userId: string): Action => ({
      type: 'presence',
      presences: [{ userId, status: 'offline' }],
    });
    expect(reduce(typed, offline('carol')).typing).toEqual({ [CONVERSATION]: [BOB] });
    expect(reduce(typed, offline(BOB)).typing).toEqual({});
    expect(reduce(typed, { type: 'connection', connection: { status: 'reconnecting' } }).typing).toEqual({});
  });
});
