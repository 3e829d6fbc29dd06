import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PresenceWatch } from '../../packages/client/src/sync/presence.js';
import { Answers, failure, ok } from './support/answers.js';
import { ALICE, BOB, messageView, received, storeOf } from './support/views.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const seen = ok('presence:watch', { presences: [{ userId: BOB, status: 'online' }] });
const unseen = ok('presence:watch', { presences: [] });

function start() {
  const store = storeOf();
  const server = new Answers();
  const presence = new PresenceWatch({ store, ask: server.ask });
  const write = (...senders: string[]) => {
    for (const senderId of senders) {
      const last = Object.values(store.getState().conversations)[0]?.lastSeq ?? 0;
      store.dispatch(received(messageView(last + 1, senderId)));
    }
  };
  presence.start();
  return { store, server, presence, write, wait: (ms = 1_000) => vi.advanceTimersByTimeAsync(ms) };
}

describe('presence', () => {
  it('is asked for once, and not again for messages of a user who is seen', async () => {
    const { store, server, write, wait } = start();
    await server.nth(0).answer(seen);
    write(BOB, ALICE, BOB);
    await wait(60_000);
    expect(server.summary).toEqual([['presence:watch', { userIds: [BOB] }]]);
    expect(store.getState().presence[BOB]).toMatchObject({ status: 'online' });
  });

  it('of a user who is not seen is asked for when the other one writes, and not at each message', async () => {
    const { server, write, wait } = start();
    await server.nth(0).answer(unseen);
    write(BOB, BOB);
    await wait();
    await server.nth(1).answer(unseen);
    write(BOB, BOB);
    await wait();
    expect(server.asked).toHaveLength(2);
    write(ALICE);
    await wait();
    await server.nth(2).answer(seen);
    write(BOB, ALICE);
    await wait(60_000);
    expect(server.asked).toHaveLength(3);
  });

  it('is asked for when both have written between two requests', async () => {
    const { server, write, wait } = start();
    await server.nth(0).answer(unseen);
    write(BOB, ALICE);
    await wait();
    expect(server.asked).toHaveLength(2);
  });

  it('is asked for again when both have written before a request is answered', async () => {
    const { server, write, wait } = start();
    write(BOB, ALICE);
    await wait(3_000);
    expect(server.asked).toHaveLength(1);
    await server.nth(0).answer(unseen);
    await wait();
    expect(server.asked).toHaveLength(2);
    await server.nth(1).answer(seen);
    await wait(60_000);
    expect(server.asked).toHaveLength(2);
  });

  it.each(['TIMEOUT', 'INTERNAL', 'RATE_LIMITED'] as const)('is asked for again after %s', async (code) => {
    const { server, wait } = start();
    await server.nth(0).answer(failure(code, 5_000));
    await wait(15_000);
    expect(server.asked).toHaveLength(2);
    await server.nth(1).answer(seen);
    await wait(60_000);
    expect(server.asked).toHaveLength(2);
  });

  it('is not asked for while the server does not wait for it', async () => {
    const { server, presence, wait } = start();
    presence.stop();
    await server.nth(0).answer(failure('OFFLINE'));
    await wait(60_000);
    expect(server.asked).toHaveLength(1);
    presence.start();
    expect(server.asked).toHaveLength(2);
  });
});
