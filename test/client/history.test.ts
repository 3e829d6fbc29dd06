import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { History } from '../../packages/client/src/sync/history.js';
import { Answers, failure, ok } from './support/answers.js';
import {
  ALICE,
  apply,
  BOB,
  CONVERSATION,
  conversationView,
  memberView,
  messageView,
  received,
  seqsOf,
  storeOf,
  withConversation,
} from './support/views.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const page = (fromSeq: number, toSeq: number, lastSeq: number) =>
  ok('getMessages', {
    messages: Array.from({ length: toSeq - fromSeq + 1 }, (_, index) => messageView(fromSeq + index, BOB)),
    lastSeq,
    hasMore: false,
  });

/** Creates the history of a client that holds these messages of a conversation whose newest is `lastSeq`. */
function start(held: readonly number[], lastSeq: number, delivered = lastSeq) {
  const members = [memberView(ALICE, 0, delivered), memberView(BOB, lastSeq)];
  const view = { lastSeq, members, lastDeliveredSeq: delivered };
  const store = storeOf(apply(withConversation(view), ...held.map((seq) => received(messageView(seq, BOB)))));
  const server = new Answers();
  const reload = vi.fn();
  const restored: string[] = [];
  const history = new History({
    store,
    ask: server.ask,
    onReload: reload,
    restoreLog: (id) => {
      restored.push(id);
      return Promise.resolve();
    },
    onPage: () => undefined,
  });
  return { store, server, history, reload, restored, seqs: () => seqsOf(store.getState()) };
}

describe('history', () => {
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

  it('fetches one page of what has not reached this device, after what the device has stored', async () => {
    const { server, history, seqs, restored } = start([], 500, 480);
    history.complete(CONVERSATION);
    await vi.advanceTimersByTimeAsync(0);
    expect(restored).toEqual([CONVERSATION]);
    expect(server.summary).toEqual([['getMessages', { conversationId: CONVERSATION, limit: 60 }]]);
    await server.nth(0).answer(page(441, 500, 500));
    history.complete(CONVERSATION);
    expect(server.asked).toHaveLength(1);
    expect(seqs()).toHaveLength(60);
  });

  it('of a conversation of which only a pushed message is held, fetches the newest once', async () => {
    const { server, history, seqs } = start([3], 3, 0);
    history.complete(CONVERSATION);
    await vi.advanceTimersByTimeAsync(0);
    expect(server.summary).toEqual([['getMessages', { conversationId: CONVERSATION, limit: 60 }]]);
    await server.nth(0).answer(page(1, 3, 3));
    history.complete(CONVERSATION);
    await vi.advanceTimersByTimeAsync(0);
    expect(seqs()).toEqual([1, 2, 3]);
    expect(server.asked).toHaveLength(1);
  });

  it('waits when the server limits the rate, and continues', async () => {
    const { server, history, seqs } = start([], 2, 0);
    history.complete(CONVERSATION);
    await vi.advanceTimersByTimeAsync(0);
    await server.nth(0).answer(failure('RATE_LIMITED', 3_000));
    await vi.advanceTimersByTimeAsync(2_900);
    expect(server.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    await server.nth(1).answer(page(1, 2, 2));
    expect(seqs()).toEqual([1, 2]);
  });

  it('does not retry forever what the server does not return', async () => {
    const { server, history } = start([5, 7], 7);
    history.complete(CONVERSATION);
    for (let index = 0; index < 10 && index < server.asked.length; index += 1) {
      await server.nth(index).answer(ok('getMessages', { messages: [], lastSeq: 7, hasMore: false }));
    }
    expect(server.asked.length).toBeLessThanOrEqual(3);
  });

  it('ignores an answer to a request from before everything was dropped', async () => {
    const { store, server, history } = start([5, 7], 7);
    history.complete(CONVERSATION);
    store.dispatch({ type: 'cacheDropped' });
    await server.nth(0).answer(page(6, 6, 7));
    expect(store.getState().logs).toEqual({});
  });

  it('starts again when the server has less than the device holds', async () => {
    const { server, history, reload } = start([5, 7], 7);
    history.complete(CONVERSATION);
    await server.nth(0).answer(ok('getMessages', { messages: [], lastSeq: 2, hasMore: false, reload: true }));
    expect(reload).toHaveBeenCalledOnce();
  });

  it('loads a single message once for any number of quotes of it', async () => {
    const { server, history, store } = start([90], 90);
    const both = Promise.all([history.loadOne(CONVERSATION, 3), history.loadOne(CONVERSATION, 3)]);
    await server.nth(0).answer(page(3, 3, 90));
    expect((await both).map((entry) => entry?.seq)).toEqual([3, 3]);
    await history.loadOne(CONVERSATION, 3);
    expect(server.asked).toHaveLength(1);
    expect(Object.keys(store.getState().aside)).toEqual([`${CONVERSATION}/3`]);
  });

  it('leaves large groups alone until they are opened', () => {
    const { store, server, history } = start([1, 3], 3);
    const view = conversationView({
      type: 'group',
      isLarge: true,
      participants: [],
      members: [],
      lastSeq: 3,
    });
    store.dispatch({ type: 'conversations', conversations: [view] });
    history.complete(CONVERSATION);
    expect(server.asked).toHaveLength(0);
    store.dispatch({ type: 'opened', conversationId: CONVERSATION });
    history.complete(CONVERSATION);
    expect(server.asked).toHaveLength(1);
  });

  it('loads what is around the first unread message when a conversation is opened that holds only newer ones', async () => {
    const held = Array.from({ length: 60 }, (_, index) => 71 + index);
    const { store, server, history, seqs } = start(held, 130);
    const members = [memberView(ALICE, 0, 130), memberView(BOB, 130)];
    const view = conversationView({ lastSeq: 130, members, lastDeliveredSeq: 130, unreadCount: 130 });
    store.dispatch({ type: 'conversations', conversations: [view] });
    store.dispatch({ type: 'opened', conversationId: CONVERSATION });
    const opening = history.open(CONVERSATION);
    const loading = () => store.getState().loading[CONVERSATION];
    expect(loading()).toBe('loading');
    expect(server.summary).toEqual([['getMessages', { conversationId: CONVERSATION, around: 1, limit: 60 }]]);
    await server.nth(0).answer(page(1, 30, 130));
    await expect(opening).resolves.toBe('loaded');
    expect(loading()).toBeUndefined();
    // The gap up to what is held is short: it is closed at once.
    expect(server.nth(1).payload).toEqual({ conversationId: CONVERSATION, after: 30, limit: 40 });
    await server.nth(1).answer(page(31, 70, 130));
    expect(seqs()).toHaveLength(130);
  });

  it('does not take a message that never was for a sign that the server has less', async () => {
    const { server, history, reload, seqs } = start([1, 2], 2);
    const looking = history.loadAround(CONVERSATION, 99_999);
    await server.nth(0).answer(ok('getMessages', { messages: [], lastSeq: 2, hasMore: false, reload: true }));
    await expect(looking).resolves.toBe('loaded');
    expect(reload).not.toHaveBeenCalled();
    expect(seqs()).toEqual([1, 2]);
    void history.loadOlder(CONVERSATION, 50);
    await server.nth(1).answer(ok('getMessages', { messages: [], lastSeq: 2, hasMore: false, reload: true }));
    expect(reload).toHaveBeenCalledOnce();
  });
});
