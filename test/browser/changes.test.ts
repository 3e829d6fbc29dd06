import { describe, expect, it, vi } from 'vitest';
import { createChanges } from '../../page/src/changes.js';
import { logOf, totalUnread, unreadOf } from '../../page/src/selectors.js';
import { createState, createStore, reduce } from '../../page/src/store.js';
import type { Action, Change, Conversation, Entry, SettingsView, State } from '../../page/src/types.js';
import { buildRows } from '../../page/src/views/rows.js';
import { Answers, failure, ok } from './support/answers.js';
import { ALICE, BOB, CONVERSATION, conversationView, messageView } from './support/views.js';

const opened = (overrides = {}): State =>
  reduce(createState(ALICE), { type: 'conversations', conversations: [conversationView(overrides)] });

const apply = (state: State, actions: readonly Action[]): State => actions.reduce(reduce, state);
const said = (message: Entry): Action => ({ type: 'message', message });

const only = (state: State): Conversation => {
  const conversation = state.conversations[CONVERSATION];
  if (conversation === undefined) throw new Error('the conversation is not held');
  return conversation;
};

const at = (state: State, seq: number) => logOf(state, CONVERSATION).find((one) => one.seq === seq);

const edit = (rev: number, seq: number, content: string): Change => ({
  ...{ conversationId: CONVERSATION, rev, kind: 'edit', seq, userId: BOB },
  message: messageView(seq, BOB, { content, editedAt: '2026-01-01T13:00:00.000Z' }),
});
const deletion = (rev: number, seq: number): Change => ({
  ...{ conversationId: CONVERSATION, rev, kind: 'delete', seq, userId: BOB },
  message: messageView(seq, BOB, { content: '', deletedAt: '2026-01-01T13:00:00.000Z' }),
});
const change = (one: Change, isAnswer = false): Action => ({ type: 'change', change: one, isAnswer });
const hidden = (seq: number): Entry => ({ kind: 'hidden', conversationId: CONVERSATION, seq });
const settings = (overrides: Partial<SettingsView>): Action => ({
  type: 'settings',
  settings: { conversationId: CONVERSATION, userId: ALICE, readSeq: 0, deliveredSeq: 0, ...overrides },
});

describe('changes', () => {
  const state = apply(opened(), [said(messageView(1, BOB)), said(messageView(2, BOB))]);

  it('show in the message, in the preview and in what quotes it', () => {
    const answered = reduce(state, said(messageView(3, ALICE, { replyTo: 2 })));
    const edited = reduce(answered, change(edit(1, 2, 'new')));
    expect(at(edited, 2)).toMatchObject({ content: 'new', rev: 1 });
    expect(at(edited, 3)?.quoted).toMatchObject({ content: 'new' });
    expect(only(reduce(state, change(edit(1, 2, 'new')))).lastMessage?.content).toBe('new');
    expect(only(edited)).toMatchObject({ rev: 1, seenRev: 1 });
  });

  it('never go back: an older change that arrives late has no effect', () => {
    const late = apply(state, [change(edit(2, 1, 'second')), change(edit(1, 1, 'first'))]);
    expect(at(late, 1)?.content).toBe('second');
  });

  it('leave nothing of a deleted text, not even in quotes', () => {
    const quoted = { seq: 2, kind: 'text', senderId: BOB, content: 'message 2' };
    const answered = reduce(state, said(messageView(3, ALICE, { replyTo: 2, quoted })));
    const gone = reduce(answered, change(deletion(1, 2)));
    expect(JSON.stringify([gone.logs, gone.conversations])).not.toContain('message 2');
    expect(at(gone, 2)?.deletedAt).toBeDefined();
  });

  it('that were missed show as a gap in rev, until all of them have been fetched', () => {
    const gapped = reduce(state, change(edit(3, 1, 'third')));
    expect(only(gapped)).toMatchObject({ rev: 3, seenRev: 0 });
    const answer = {
      changes: [edit(1, 2, 'a'), deletion(2, 2), edit(3, 1, 'third')],
      rev: 3,
      hasMore: false,
    };
    const whole = reduce(gapped, { type: 'changes', conversationId: CONVERSATION, afterRev: 0, answer });
    expect(only(whole)).toMatchObject({ rev: 3, seenRev: 3 });
    expect(at(whole, 2)?.deletedAt).toBeDefined();
  });

  it('in an answer do not close a gap in rev: the answer may contain earlier changes', () => {
    expect(only(reduce(state, change(edit(1, 1, 'x'), true)))).toMatchObject({ rev: 1, seenRev: 0 });
  });

  it('made while a page was being loaded are requested again', () => {
    const changed = reduce(opened({ rev: 4 }), change(edit(5, 9, 'x')));
    const answer = { messages: [messageView(9, BOB)], lastSeq: 9, hasMore: false };
    const loaded = reduce(changed, { type: 'page', conversationId: CONVERSATION, answer, seenRev: 4 });
    expect(only(loaded)).toMatchObject({ rev: 5, seenRev: 4 });
  });

  it('of a message in a gap load that message', () => {
    const holed = reduce(state, said(messageView(5, BOB)));
    expect(at(reduce(holed, change(edit(1, 4, 'four'))), 4)).toMatchObject({ content: 'four', rev: 1 });
  });

  it('in a large group keep the user’s own reactions, which pushes do not contain', () => {
    const large = apply(opened({ type: 'group', isLarge: true, participants: [], members: [] }), [
      said(messageView(1, BOB, { reactions: [{ emoji: '👍', count: 1, own: true }] })),
    ]);
    const message = messageView(1, BOB, { reactions: [{ emoji: '👍', count: 2, own: false }] });
    const reaction: Change = {
      ...{ conversationId: CONVERSATION, rev: 1, kind: 'reaction', seq: 1, userId: BOB, message },
      ...{ emoji: '👍', on: true },
    };
    const after = reduce(large, change(reaction));
    expect(at(after, 1)?.reactions).toEqual([{ emoji: '👍', count: 2, own: true }]);
    const mine = { ...reaction, rev: 2, userId: ALICE, on: false };
    expect(at(reduce(after, change(mine)), 1)?.reactions).toEqual([{ emoji: '👍', count: 2, own: false }]);
  });

  it('pin and unpin, whatever their order', () => {
    const pin = (rev: number, seq: number, on: boolean): Change => ({
      ...{ conversationId: CONVERSATION, rev, kind: 'pin', seq, userId: BOB, on },
      message: messageView(seq, BOB),
    });
    const pinned = apply(state, [change(pin(1, 1, true)), change(pin(2, 2, true)), change(pin(3, 1, false))]);
    expect(only(pinned).pinnedMessages).toEqual([2]);
    expect(only(reduce(pinned, change(pin(1, 1, true)))).pinnedMessages).toEqual([2]);
  });
});

describe('fetching missed changes', () => {
  function start() {
    const store = createStore(apply(opened(), [said(messageView(1, BOB))]));
    const server = new Answers();
    const onReload = vi.fn();
    vi.useFakeTimers();
    return { store, server, onReload, changes: createChanges({ store, ask: server.ask, onReload }) };
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
    await server.nth(0).answer(ok({ changes: [edit(1, 1, 'a')], rev: 2, hasMore: true }));
    expect(server.nth(1).payload).toMatchObject({ afterRev: 1 });
    await server.nth(1).answer(ok({ changes: [edit(2, 1, 'b')], rev: 2, hasMore: false }));
    expect(server.asked).toHaveLength(2);
    expect(at(store.getState(), 1)?.content).toBe('b');
    vi.useRealTimers();
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
    await server.nth(1).answer(ok({ changes: [], rev: 0, hasMore: false, reload: true }));
    expect(onReload).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });
});

describe('hidden positions', () => {
  it('keep their position, are not shown and do not count', () => {
    const state = apply(opened(), [said(messageView(1, BOB)), said(hidden(2)), said(messageView(3, BOB))]);
    const rows = buildRows(state, { id: CONVERSATION, low: 0, high: Infinity, newFrom: undefined });
    expect(rows.filter(({ kind }) => kind === 'gap')).toEqual([]);
    expect(rows.filter(({ kind }) => kind === 'message')).toHaveLength(2);
    expect(unreadOf(state, only(state))).toBe(2);
    expect(only(reduce(state, said(hidden(4)))).lastMessage?.seq).toBe(3);
  });

  it('result from deleting for oneself on any device, also in the preview', () => {
    const state = apply(opened(), [
      said(messageView(1, BOB)),
      said(messageView(2, BOB, { content: 'secret' })),
    ]);
    const after = reduce(state, settings({ hiddenSeqs: [2] }));
    expect(JSON.stringify([after.logs, after.conversations])).not.toContain('secret');
    expect(only(after)).toMatchObject({ lastSeq: 2, lastMessage: { seq: 1 } });
  });
});

describe('the user’s own list', () => {
  const state = apply(opened({ unreadCount: 1, lastSeq: 1 }), [said(messageView(1, BOB))]);

  it('counts muted and archived conversations separately', () => {
    expect(totalUnread(state)).toBe(1);
    expect(totalUnread(reduce(state, settings({ mutedUntil: '9999-01-01T00:00:00.000Z' })))).toBe(0);
    expect(totalUnread(reduce(state, settings({ archived: true })))).toBe(0);
    expect(totalUnread(reduce(state, settings({ mutedUntil: '2000-01-01T00:00:00.000Z' })))).toBe(1);
  });

  it('gets an archived conversation back with a new message, unless it is muted', () => {
    const archived = reduce(state, settings({ archived: true }));
    expect(only(reduce(archived, said(messageView(1, BOB)))).isArchived).toBe(true);
    expect(only(reduce(archived, said(messageView(2, BOB)))).isArchived).toBe(false);
    const muted = reduce(archived, settings({ archived: true, mutedUntil: '9999-01-01T00:00:00.000Z' }));
    expect(only(reduce(muted, said(messageView(2, BOB)))).isArchived).toBe(true);
  });

  it('keeps a restored conversation when a list that was read before the new message arrives late', () => {
    const back = apply(state, [settings({ archived: true }), said(messageView(2, BOB))]);
    const list = (lastSeq: number): Action => ({
      type: 'conversations',
      conversations: [conversationView({ archived: true, lastSeq })],
    });
    expect(only(reduce(back, list(1))).isArchived).toBe(false);
    expect(only(reduce(back, list(2))).isArchived).toBe(true);
  });

  it('removes cleared and deleted conversations', () => {
    const cleared = reduce(state, settings({ clearedSeq: 1 }));
    expect(logOf(cleared, CONVERSATION)).toEqual([]);
    expect(only(cleared).lastMessage).toBeUndefined();
    expect(reduce(state, settings({ deleted: true })).conversations).toEqual({});
  });
});
