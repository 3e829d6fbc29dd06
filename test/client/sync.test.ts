import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStore } from '../../packages/client/src/observable/store.js';
import { createState } from '../../packages/client/src/state/reduce.js';
import { Sync } from '../../packages/client/src/sync/sync.js';
import type { SyncPage } from '../../packages/client/src/wire/index.js';
import { Answers, failure, ok } from './support/answers.js';
import {
  ALICE,
  BOB,
  CONVERSATION,
  conversationView,
  messageView,
  pendingEntry,
  received,
} from './support/views.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function start() {
  const store = createStore(createState(ALICE));
  const server = new Answers();
  const taken: string[] = [];
  const silence = vi.fn();
  const sync = new Sync({
    store,
    ask: server.ask,
    onPush: (name, _data, isRepeated) => taken.push(isRepeated ? `${name} again` : name),
    onRemoved: ({ name, reason }) => taken.push(`removed ${name ?? ''}: ${reason}`),
    onSettled: () => taken.push('settled'),
    onSynced: () => taken.push('synced'),
    onReset: (reason) => taken.push(`reset: ${reason}`),
    onSilence: silence,
  });
  return { store, server, taken, silence, sync };
}

const list = ok('getConversations', {
  conversations: [conversationView()],
  totalUnread: 0,
  mutedUnread: 0,
  syncCursor: 'from the list',
});
const changes = (cursor: string, overrides: Partial<SyncPage> = {}) =>
  ok('sync', {
    conversations: [],
    settings: [],
    removed: [],
    totalUnread: 0,
    mutedUnread: 0,
    cursor,
    hasMore: false,
    epoch: 'one',
    ...overrides,
  });

/** Creates a client that has synced once, with a cursor and an epoch. */
async function synced() {
  const parts = start();
  parts.sync.start();
  await parts.server.nth(0).answer(list);
  await parts.server.nth(1).answer(changes('c1'));
  parts.taken.length = 0;
  parts.server.asked.length = 0;
  return parts;
}

describe('sync', () => {
  it('begins with the list, and continues from the cursor that came with it', async () => {
    const { store, server, taken, sync } = start();
    sync.start();
    await server.nth(0).answer(list);
    await server.nth(1).answer(changes('c1'));
    expect(server.summary).toEqual([
      ['getConversations', { limit: 50 }],
      ['sync', { cursor: 'from the list' }],
    ]);
    expect(store.getState()).toMatchObject({ cursor: 'c1', epoch: 'one', isListLoaded: true });
    expect(taken).toEqual(['synced', 'settled']);
  });

  it('applies pushes of a new connection at its end, after all pages', async () => {
    const { server, taken, sync } = await synced();
    sync.start();
    sync.push('message:new', {});
    sync.push('typing', {});
    await server.nth(0).answer(changes('c2', { hasMore: true }));
    sync.push('message:status', {});
    expect(taken).toEqual(['typing']);
    await server.nth(1).answer(changes('c3'));
    expect(server.summary).toEqual([
      ['sync', { cursor: 'c1' }],
      ['sync', { cursor: 'c2' }],
    ]);
    expect(taken.slice(1)).toEqual(['message:new', 'message:status', 'synced', 'settled']);
    sync.push('presence', {});
    expect(taken.at(-1)).toBe('presence');
  });

  it('applies pushes during a repeated run at once, and again after its answer, which may be older', async () => {
    const { server, taken, sync } = await synced();
    sync.run();
    sync.push('conversation:created', {});
    sync.push('typing', {});
    expect(taken).toEqual(['conversation:created', 'typing']);
    await server.nth(0).answer(changes('c2', { removed: [CONVERSATION] }));
    expect(taken.slice(2)).toEqual([
      'removed BOB: unknown',
      'conversation:created again',
      'synced',
      'settled',
    ]);
  });

  it.each([
    ['another epoch', { epoch: 'two' }, 'reset: epoch'],
    ['"reload"', { reload: true }, 'reset: reload'],
  ])('drops what it holds at %s, except what is unsent, and loads afresh', async (_, overrides, event) => {
    const { store, server, taken, sync } = await synced();
    store.dispatch(received(messageView(1, BOB)));
    store.dispatch({ type: 'queued', entries: [pendingEntry(1)] });
    sync.run();
    const other = conversationView({ _id: 'e'.repeat(24) });
    await server.nth(0).answer(changes('c2', { ...overrides, conversations: [other] }));
    expect(taken).toEqual([event]);
    expect(store.getState()).toMatchObject({ conversations: {}, logs: {}, outbox: [pendingEntry(1)] });
    expect(server.nth(1).name).toBe('getConversations');
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

  it('waits as long as the server says, and continues from the page that it had reached', async () => {
    const { server, sync } = await synced();
    sync.run();
    await server.nth(0).answer(changes('c2', { hasMore: true }));
    await server.nth(1).answer(failure('RATE_LIMITED', 5_000));
    await vi.advanceTimersByTimeAsync(4_900);
    expect(server.asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(200);
    expect(server.nth(2).payload).toEqual({ cursor: 'c2' });
  });

  it('gives up a connection that does not answer, but not a newer one', async () => {
    const { server, silence, sync } = await synced();
    sync.run();
    await server.nth(0).answer(failure('TIMEOUT'));
    expect(silence).toHaveBeenCalledOnce();
    sync.run();
    sync.stop();
    sync.start();
    await server.nth(1).answer(failure('TIMEOUT'));
    expect(silence).toHaveBeenCalledOnce();
    expect(server.asked).toHaveLength(3);
  });

  it('asks with a short timeout when the app comes back', async () => {
    const { server, sync } = await synced();
    sync.probe();
    expect(server.nth(0).options?.timeoutMs).toBeLessThan(5_000);
  });

  it('runs once more when it was requested meanwhile', async () => {
    const { server, sync } = await synced();
    sync.run();
    sync.run();
    sync.run();
    expect(server.asked).toHaveLength(1);
    await server.nth(0).answer(changes('c2'));
    expect(server.asked).toHaveLength(2);
    await server.nth(1).answer(changes('c3'));
    expect(server.asked).toHaveLength(2);
  });

  it('is spread over a period when the server advises it', async () => {
    const { server, sync } = await synced();
    sync.push('sync:advised', { withinMs: 1_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.asked).toHaveLength(1);
  });
});
