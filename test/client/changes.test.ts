import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Action } from '../../packages/client/src/state/actions.js';
import { isMessage } from '../../packages/client/src/state/entries.js';
import { reduce } from '../../packages/client/src/state/reduce.js';
import { listOf } from '../../packages/client/src/state/listSelectors.js';
import { gapsIn } from '../../packages/client/src/state/log.js';
import { logOf, messagesIn, unreadOf } from '../../packages/client/src/state/selectors.js';
import { totalUnread } from '../../packages/client/src/state/unreadTotals.js';
import type { ClientState, Message } from '../../packages/client/src/state/types.js';
import { Changes } from '../../packages/client/src/sync/changes.js';
import { Answers, failure, ok } from './support/answers.js';
import {
  ALICE,
  apply,
  BOB,
  changed,
  CONVERSATION,
  conversationView,
  deleteChange,
  editChange,
  hiddenView,
  messageView,
  only,
  pinChange,
  received,
  settingsChange,
  storeOf,
  withConversation,
} from './support/views.js';

function at(state: ClientState, seq: number): Message | undefined {
  return logOf(state, CONVERSATION)
    .filter(isMessage)
    .find((one) => one.seq === seq);
}

describe('changes', () => {
  const state = apply(withConversation(), received(messageView(1, BOB)), received(messageView(2, BOB)));

  it('show in the message, in the preview and in what quotes it', () => {
    const answered = reduce(state, received(messageView(3, ALICE, { replyTo: 2 })));
    const edited = reduce(answered, changed(editChange(1, 2, 'new')));
    expect(at(edited, 2)).toMatchObject({ content: 'new', rev: 1 });
    expect(at(edited, 3)?.quoted).toMatchObject({ content: 'new' });
    expect(at(edited, 1)).toBe(at(answered, 1));
    expect(only(reduce(state, changed(editChange(1, 2, 'new')))).lastMessage?.content).toBe('new');
    expect(only(edited)).toMatchObject({ rev: 1, seenRev: 1 });
  });

  it('never go back: an older change that arrives late has no effect', () => {
    const late = apply(state, changed(editChange(2, 1, 'second')), changed(editChange(1, 1, 'first')));
    expect(at(late, 1)?.content).toBe('second');
  });

  it('that arrive twice change nothing, not even a reference', () => {
    const once = reduce(state, changed(editChange(1, 1, 'first')));
    expect(reduce(once, changed(editChange(1, 1, 'first')))).toBe(once);
  });

  it('leave nothing of a deleted text, not even in quotes', () => {
    const quoted = { seq: 2, kind: 'text', senderId: BOB, content: 'message 2' } as const;
    const answered = reduce(state, received(messageView(3, ALICE, { replyTo: 2, quoted })));
    const gone = reduce(answered, changed(deleteChange(1, 2)));
    expect(JSON.stringify([gone.logs, gone.conversations])).not.toContain('message 2');
    expect(at(gone, 2)?.deletedAt).toBeDefined();
  });

  it('that were missed show as a gap in rev, until all of them have been fetched', () => {
    const gapped = reduce(state, changed(editChange(3, 1, 'third')));
    expect(only(gapped)).toMatchObject({ rev: 3, seenRev: 0 });
    const page = {
      changes: [editChange(1, 2, 'a'), deleteChange(2, 2), editChange(3, 1, 'third')],
      rev: 3,
      hasMore: false,
    };
    const whole = reduce(gapped, { type: 'changes', conversationId: CONVERSATION, afterRev: 0, page });
    expect(only(whole)).toMatchObject({ rev: 3, seenRev: 3 });
    expect(at(whole, 2)?.deletedAt).toBeDefined();
  });

  it('in an answer do not close a gap in rev: the answer may contain earlier changes', () => {
    expect(only(reduce(state, changed(editChange(1, 1, 'x'), true)))).toMatchObject({ rev: 1, seenRev: 0 });
  });

  it('made while a page was being loaded are requested again', () => {
    const later = reduce(withConversation({ rev: 4 }), changed(editChange(5, 9, 'x')));
    const page = { messages: [messageView(9, BOB)], lastSeq: 9, hasMore: false };
    const loaded = reduce(later, { type: 'page', conversationId: CONVERSATION, page, seenRev: 4 });
    expect(only(loaded)).toMatchObject({ rev: 5, seenRev: 4 });
  });

  it('of a message in a gap load that message', () => {
    const gapped = reduce(state, received(messageView(5, BOB)));
    expect(at(reduce(gapped, changed(editChange(1, 4, 'four'))), 4)).toMatchObject({
      content: 'four',
      rev: 1,
    });
  });

  it('in a large group keep the user’s own reactions, which pushes do not contain', () => {
    const large = apply(
      withConversation({ type: 'group', isLarge: true, participants: [], members: [] }),
      received(messageView(1, BOB, { reactions: [{ emoji: '👍', count: 1, own: true }] })),
    );
    const message = messageView(1, BOB, { reactions: [{ emoji: '👍', count: 2, own: false }] });
    const reaction = { ...editChange(1, 1, ''), kind: 'reaction', message, emoji: '👍', on: true } as const;
    const after = reduce(large, changed(reaction));
    expect(at(after, 1)?.reactions).toEqual([{ emoji: '👍', count: 2, own: true }]);
    const own = { ...reaction, rev: 2, userId: ALICE, on: false };
    expect(at(reduce(after, changed(own)), 1)?.reactions).toEqual([{ emoji: '👍', count: 2, own: false }]);
  });

  it('pin and unpin, whatever their order', () => {
    const pinned = apply(
      state,
      changed(pinChange(1, 1, true)),
      changed(pinChange(2, 2, true)),
      changed(pinChange(3, 1, false)),
    );
    expect(only(pinned).pinnedMessages).toEqual([2]);
    expect(only(reduce(pinned, changed(pinChange(1, 1, true)))).pinnedMessages).toEqual([2]);
  });

  it('of receipt counts only count up', () => {
    const counted = (readCount: number): Action => ({
      type: 'counts',
      counts: { conversationId: CONVERSATION, seq: 1, readCount, deliveredCount: 9, recipientCount: 9 },
    });
    const after = apply(state, counted(5), counted(3));
    expect(at(after, 1)).toMatchObject({ readCount: 5, deliveredCount: 9 });
    expect(at(after, 2)).toBe(at(state, 2));
  });
});

describe('fetching missed changes', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function start() {
    const store = storeOf(apply(withConversation(), received(messageView(1, BOB))));
    const server = new Answers();
    const onReload = vi.fn();
    return { store, server, onReload, changes: new Changes({ store, ask: server.ask, onReload }) };
  }
  const head = (rev: number): Action => ({ type: 'head', conversationId: CONVERSATION, lastSeq: 1, rev });

  it('goes page by page, and asks for nothing when nothing is missing', async () => {
    const { store, server, changes } = start();
    changes.complete(CONVERSATION);
    expect(server.asked).toHaveLength(0);
    store.dispatch(head(2));
    changes.complete(CONVERSATION);
    changes.complete(CONVERSATION);
    expect(server.summary).toEqual([
      ['getChanges', { conversationId: CONVERSATION, afterRev: 0, limit: 200 }],
    ]);
    await server.nth(0).answer(ok('getChanges', { changes: [editChange(1, 1, 'a')], rev: 2, hasMore: true }));
    expect(server.nth(1).payload).toMatchObject({ afterRev: 1 });
    await server
      .nth(1)
      .answer(ok('getChanges', { changes: [editChange(2, 1, 'b')], rev: 2, hasMore: false }));
    expect(server.asked).toHaveLength(2);
    expect(at(store.getState(), 1)?.content).toBe('b');
  });

  it('does not retry forever, and starts again when the server has less', async () => {
    const { store, server, changes, onReload } = start();
    store.dispatch(head(2));
    changes.complete(CONVERSATION);
    await server.nth(0).answer(failure('UNAVAILABLE'));
    changes.complete(CONVERSATION);
    expect(server.asked).toHaveLength(1);
    changes.retryAll();
    changes.complete(CONVERSATION);
    await server.nth(1).answer(ok('getChanges', { changes: [], rev: 0, hasMore: false, reload: true }));
    expect(onReload).toHaveBeenCalledOnce();
  });
});

describe('hidden entries', () => {
  it('keep their seq, are not shown, leave no gap and do not count', () => {
    const state = apply(
      withConversation(),
      received(messageView(1, BOB)),
      received(hiddenView(2)),
      received(messageView(3, BOB)),
    );
    const shown = messagesIn(logOf(state, CONVERSATION), only(state), ALICE);
    expect(shown.map(({ seq }) => seq)).toEqual([1, 3]);
    expect(gapsIn(logOf(state, CONVERSATION), only(state).lastSeq)).toEqual([]);
    expect(unreadOf(state, only(state))).toBe(2);
    expect(only(reduce(state, received(hiddenView(4)))).lastMessage?.seq).toBe(3);
  });

  it('are no pinned messages, whether they are deleted for oneself before or after the pin, or cleared', () => {
    const log = [1, 2, 3].map((seq) => received(messageView(seq, BOB)));
    const pins = [1, 2, 3].map((seq) => changed(pinChange(seq, seq, true)));
    const hide = settingsChange({ hiddenSeqs: [2] });
    for (const actions of [
      [...pins, hide],
      [hide, ...pins],
    ])
      expect(only(apply(withConversation(), ...log, ...actions)).pinnedMessages).toEqual([1, 3]);
    const cleared = apply(withConversation(), ...log, ...pins, settingsChange({ clearedSeq: 2 }));
    expect(only(cleared).pinnedMessages).toEqual([3]);
  });

  it('result from deleting for oneself on any device, also in the preview', () => {
    const state = apply(
      withConversation(),
      received(messageView(1, BOB)),
      received(messageView(2, BOB, { content: 'secret' })),
    );
    const after = reduce(state, settingsChange({ hiddenSeqs: [2] }));
    expect(JSON.stringify([after.logs, after.conversations])).not.toContain('secret');
    expect(only(after)).toMatchObject({ lastSeq: 2, lastMessage: { seq: 1 } });
  });
});

describe('the user’s own list', () => {
  const state = apply(withConversation({ unreadCount: 1, lastSeq: 1 }), received(messageView(1, BOB)));

  it('counts muted and archived conversations separately', () => {
    expect(totalUnread(state)).toBe(1);
    expect(totalUnread(reduce(state, settingsChange({ mutedUntil: '9999-01-01T00:00:00.000Z' })))).toBe(0);
    expect(totalUnread(reduce(state, settingsChange({ archived: true })))).toBe(0);
    expect(totalUnread(reduce(state, settingsChange({ mutedUntil: '2000-01-01T00:00:00.000Z' })))).toBe(1);
  });

  it('decides about mutes by the server’s clock', () => {
    const muted = reduce(state, settingsChange({ mutedUntil: '9000-01-01T00:00:00.000Z' }));
    const centuries = 10_000 * 365.25 * 86_400_000;
    expect(totalUnread(reduce(muted, { type: 'clock', offsetMs: centuries }))).toBe(1);
  });

  it('gets an archived conversation back with a new message, unless it is muted', () => {
    const archived = reduce(state, settingsChange({ archived: true }));
    expect(only(reduce(archived, received(messageView(1, BOB)))).isArchived).toBe(true);
    expect(only(reduce(archived, received(messageView(2, BOB)))).isArchived).toBe(false);
    const muted = reduce(
      archived,
      settingsChange({ archived: true, mutedUntil: '9999-01-01T00:00:00.000Z' }),
    );
    expect(only(reduce(muted, received(messageView(2, BOB)))).isArchived).toBe(true);
  });

  it('keeps a restored conversation when a list that was read before the new message arrives late', () => {
    const back = apply(state, settingsChange({ archived: true }), received(messageView(2, BOB)));
    const list = (lastSeq: number): Action => ({
      type: 'conversations',
      conversations: [conversationView({ archived: true, lastSeq })],
    });
    expect(only(reduce(back, list(1))).isArchived).toBe(false);
    expect(only(reduce(back, list(2))).isArchived).toBe(true);
  });

  it('does not get a deleted conversation back by opening it: only by its next message', () => {
    const deleted = conversationView({ deleted: true, lastSeq: 1, visibleFromSeq: 2 });
    const opened = apply(state, settingsChange({ deleted: true }), {
      type: 'conversations',
      conversations: [deleted],
    });
    expect(only(opened).isDeleted).toBe(true);
    for (const filter of ['all', 'unread', 'groups', 'archived'] as const)
      expect(listOf(opened, filter)).toEqual([]);
    const again = settingsChange({ deleted: true, mutedUntil: '9999-01-01T00:00:00.000Z', clearedSeq: 1 });
    const muted = reduce(opened, again);
    expect(listOf(muted)).toEqual([]);
    expect(only(muted).mutedUntil).toBeDefined();
    const back = reduce(muted, received(messageView(2, BOB)));
    expect(listOf(back)).toMatchObject([{ id: CONVERSATION }]);
    expect(listOf(reduce(back, { type: 'conversations', conversations: [deleted] }))).toHaveLength(1);
  });

  it('removes cleared and deleted conversations', () => {
    const cleared = reduce(state, settingsChange({ clearedSeq: 1 }));
    expect(logOf(cleared, CONVERSATION)).toEqual([]);
    expect(only(cleared).lastMessage).toBeUndefined();
    expect(reduce(state, settingsChange({ deleted: true })).conversations).toEqual({});
  });
});
