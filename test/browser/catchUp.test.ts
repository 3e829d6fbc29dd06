import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHistory } from '../../page/src/history.js';
import { createState, createStore } from '../../page/src/store.js';
import { createSync } from '../../page/src/sync.js';
import type { Message } from '../../page/src/types.js';
import { Answers, failure, ok } from './support/answers.js';
import { ALICE, BOB, CONVERSATION, conversationView, messageView, pendingEntry } from './support/views.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Creates a page that holds these messages of a conversation, whose newest is `lastSeq`. */
function holding(held: readonly number[], lastSeq: number, delivered = lastSeq) {
  const store = createStore(createState(ALICE));
  const here = { lastReadSeq: lastSeq, lastDeliveredSeq: delivered };
  const members = [
    { _id: ALICE, role: 'member' as const, ...here, lastReadSeq: 0 },
    { _id: BOB, role: 'member' as const, ...here },
  ];
  store.dispatch({ type: 'conversations', conversations: [conversationView({ lastSeq, members })] });
  for (const seq of held) store.dispatch({ type: 'message', message: messageView(seq, BOB) });
  return store;
}

const messages = (from: number, to: number): Message[] =>
  Array.from({ length: to - from + 1 }, (_, index) => messageView(from + index, BOB));
const page = (from: number, to: number, lastSeq: number) =>
  ok({ messages: messages(from, to), lastSeq, hasMore: false });

describe('history', () => {
  function start(held: readonly number[], lastSeq: number, delivered?: number) {
    const store = holding(held, lastSeq, delivered);
    const server = new Answers();
    const reload = vi.fn();
    const history = createHistory({ store, ask: server.ask, onReload: reload });
    const seqs = () => (store.getState().logs[CONVERSATION] ?? []).map(({ seq }) => seq);
    return { store, server, history, reload, seqs };
  }

  it('asks for exactly what is missing, once', async () => {
    const { server, history, seqs } = start([5, 9], 9, 5);
    history.complete(CONVERSATION);
    history.complete(CONVERSATION);
    expect(server.summary).toEqual([['getMessages', { conversationId: CONVERSATION, after: 5, limit: 3 }]]);
    await server.nth(0).answer(page(6, 8, 9));
    expect(seqs()).toEqual([5, 6, 7, 8, 9]);
    expect(server.asked).toHaveLength(1);
  });

  it('continues until a gap that one page did not fill is closed', async () => {
    const { server, history, seqs } = start([1, 6], 6, 1);
    history.complete(CONVERSATION);
    await server.nth(0).answer(page(2, 3, 6));
    expect(server.nth(1).payload).toEqual({ conversationId: CONVERSATION, after: 3, limit: 2 });
    await server.nth(1).answer(page(4, 5, 6));
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('after a long absence loads the newest messages, and older ones only when the user scrolls there', async () => {
    const { server, history, seqs } = start([1, 2], 2_000);
    history.complete(CONVERSATION);
    expect(server.nth(0).payload).toEqual({ conversationId: CONVERSATION, limit: 100 });
    await server.nth(0).answer(page(1_901, 2_000, 2_000));
    expect(server.asked).toHaveLength(1);
    void history.loadOlder(CONVERSATION, 1_901);
    expect(server.nth(1).payload).toEqual({ conversationId: CONVERSATION, before: 1_901, limit: 100 });
    await server.nth(1).answer(page(1_801, 1_900, 2_000));
    expect(seqs()).toHaveLength(202);
  });

  it('fetches one page of what has not reached this device', async () => {
    const { server, history, seqs } = start([], 500, 480);
    history.complete(CONVERSATION);
    expect(server.summary).toEqual([['getMessages', { conversationId: CONVERSATION, limit: 60 }]]);
    await server.nth(0).answer(page(441, 500, 500));
    history.complete(CONVERSATION);
    expect(server.asked).toHaveLength(1);
    expect(seqs()).toHaveLength(60);
  });

  it('does not retry forever what the server does not return', async () => {
    const { server, history } = start([5, 7], 7);
    history.complete(CONVERSATION);
    for (let index = 0; index < 10 && index < server.asked.length; index += 1) {
      await server.nth(index).answer(ok({ messages: [], lastSeq: 7, hasMore: false }));
    }
    expect(server.asked.length).toBeLessThanOrEqual(3);
  });

  it('ignores an answer to a request from before everything was dropped', async () => {
    const { store, server, history } = start([5, 7], 7);
    history.complete(CONVERSATION);
    store.dispatch({ type: 'forgotten' });
    await server.nth(0).answer(page(6, 6, 7));
    expect(store.getState().logs).toEqual({});
  });

  it('starts again when the server has less than the page holds', async () => {
    const { server, history, reload } = start([5, 7], 7);
    history.complete(CONVERSATION);
    await server.nth(0).answer(ok({ messages: [], lastSeq: 2, hasMore: false, reload: true }));
    expect(reload).toHaveBeenCalledOnce();
  });
});

describe('sync', () => {
  function start() {
    const store = createStore(createState(ALICE));
    const server = new Answers();
    const taken: string[] = [];
    const silence = vi.fn();
    const sync = createSync({
      store,
      ask: server.ask,
      onPush: (event) => taken.push(event),
      onSettled: () => taken.push('settled'),
      onSynced: () => taken.push('synced'),
      onForget: () => taken.push('forgotten'),
      onSilence: silence,
    });
    return { store, server, taken, silence, sync };
  }

  const list = ok({ conversations: [conversationView()], totalUnread: 0, syncCursor: 'from the list' });
  const changes = (cursor: string, overrides: Record<string, unknown> = {}) =>
    ok({
      ...{ conversations: [], settings: [], removed: [], totalUnread: 0 },
      ...{ cursor, hasMore: false, epoch: 'one', ...overrides },
    });

  /** Creates a page that has synced once, with a cursor and an epoch. */
  async function synced() {
    const parts = start();
    parts.sync.start();
    await parts.server.nth(0).answer(list);
    await parts.server.nth(1).answer(changes('c1'));
    parts.taken.length = 0;
    parts.server.asked.length = 0;
    return parts;
  }

  it('begins with the list, and continues from the cursor that came with it', async () => {
    const { store, server, taken, sync } = start();
    sync.start();
    await server.nth(0).answer(list);
    await server.nth(1).answer(changes('c1'));
    expect(server.summary).toEqual([
      ['getConversations', { limit: 50 }],
      ['sync', { cursor: 'from the list' }],
    ]);
    expect(store.getState()).toMatchObject({ cursor: 'c1', epoch: 'one' });
    expect(taken).toEqual(['synced', 'settled']);
  });

  it('applies pushes received meanwhile at its end, after all pages', async () => {
    const { server, taken, sync } = await synced();
    sync.start();
    sync.push('message:new', {});
    await server.nth(0).answer(changes('c2', { hasMore: true }));
    sync.push('message:status', {});
    expect(taken).toEqual([]);
    await server.nth(1).answer(changes('c3'));
    expect(server.summary).toEqual([
      ['sync', { cursor: 'c1' }],
      ['sync', { cursor: 'c2' }],
    ]);
    expect(taken).toEqual(['message:new', 'message:status', 'synced', 'settled']);
    sync.push('typing', {});
    expect(taken.at(-1)).toBe('typing');
  });

  it.each([
    ['another epoch', { epoch: 'two' }],
    ['"reload"', { reload: true }],
  ])('drops what it holds at %s, except what is unsent, and loads afresh', async (_, overrides) => {
    const { store, server, taken, sync } = await synced();
    store.dispatch({ type: 'message', message: messageView(1, BOB) });
    store.dispatch({ type: 'queued', entries: [pendingEntry(1)] });
    sync.run();
    await server
      .nth(0)
      .answer(changes('c2', { ...overrides, conversations: [conversationView({ _id: 'e'.repeat(24) })] }));
    expect(taken).toEqual(['forgotten']);
    expect(store.getState()).toMatchObject({ conversations: {}, logs: {}, outbox: [pendingEntry(1)] });
    expect(server.nth(1).event).toBe('getConversations');
    await server.nth(1).answer(list);
    await server.nth(2).answer(changes('c3', { epoch: 'two' }));
    expect(store.getState()).toMatchObject({ cursor: 'c3', epoch: 'two' });
    expect(Object.keys(store.getState().conversations)).toEqual([CONVERSATION]);
  });

  it('is repeated each minute, and soon after it failed', async () => {
    const { server, sync } = await synced();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toHaveLength(1);
    await server.nth(0).answer(failure('UNAVAILABLE'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.asked).toHaveLength(2);
    sync.stop();
    await server.nth(1).answer(failure('OFFLINE'));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.asked).toHaveLength(2);
  });

  it('gives up a connection that does not answer', async () => {
    const { server, silence, sync } = await synced();
    sync.run();
    await server.nth(0).answer(failure('TIMEOUT'));
    expect(silence).toHaveBeenCalledOnce();
  });
});
