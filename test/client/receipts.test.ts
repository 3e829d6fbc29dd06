import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Receipts } from '../../packages/client/src/sync/receipts.js';
import { Answers, failure, ok } from './support/answers.js';
import {
  ALICE,
  BOB,
  CONVERSATION,
  messageView,
  moved,
  positionView,
  received,
  storeOf,
} from './support/views.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function start() {
  const store = storeOf();
  const server = new Answers();
  const receipts = new Receipts({ store, ask: server.ask });
  const see = (seq: number) => store.dispatch({ type: 'seen', conversationId: CONVERSATION, seq });
  return { store, server, receipts, see, wait: () => vi.advanceTimersByTimeAsync(100) };
}

describe('receipts', () => {
  it('report the furthest position only, once', async () => {
    const { store, server, receipts, see, wait } = start();
    receipts.start();
    for (const seq of [1, 2, 3]) store.dispatch(received(messageView(seq, BOB)));
    await wait();
    expect(server.summary).toEqual([['message:delivered', { conversationId: CONVERSATION, seq: 3 }]]);
    await server
      .nth(0)
      .answer(ok('message:delivered', { ...positionView(ALICE, 0, 3), status: 'delivered' }));
    for (const seq of [1, 3, 2]) see(seq);
    await wait();
    expect(server.summary.slice(1)).toEqual([['message:read', { conversationId: CONVERSATION, seq: 3 }]]);
    await server.nth(1).answer(ok('message:read', positionView(ALICE, 3)));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toHaveLength(2);
  });

  it('are not sent for what another device has reported', async () => {
    const { store, server, receipts, see, wait } = start();
    receipts.start();
    store.dispatch(received(messageView(1, BOB)));
    see(1);
    store.dispatch(moved(ALICE, 1));
    await wait();
    expect(server.asked).toHaveLength(0);
  });

  it('wait for a connection, and are sent again when they were not answered', async () => {
    const { store, server, receipts, see, wait } = start();
    store.dispatch(received(messageView(1, BOB)));
    see(1);
    await wait();
    expect(server.asked).toHaveLength(0);
    receipts.start();
    await wait();
    await server.nth(0).answer(failure('RATE_LIMITED', 3_000));
    await vi.advanceTimersByTimeAsync(2_900);
    expect(server.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(server.asked).toHaveLength(2);
    await server.nth(1).answer(failure('NOT_PARTICIPANT'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toHaveLength(2);
  });

  it('follow while one is on its way', async () => {
    const { store, server, receipts, see, wait } = start();
    receipts.start();
    store.dispatch(received(messageView(1, BOB)));
    see(1);
    await wait();
    store.dispatch(received(messageView(2, BOB)));
    see(2);
    await wait();
    expect(server.asked).toHaveLength(1);
    await server.nth(0).answer(ok('message:read', positionView(ALICE, 1)));
    await wait();
    expect(server.nth(1).payload).toEqual({ conversationId: CONVERSATION, seq: 2 });
  });
});
