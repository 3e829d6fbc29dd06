import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Viewing } from '../../packages/client/src/sync/viewing.js';
import { Answers, failure, ok } from './support/answers.js';
import { CONVERSATION, storeOf, withConversation } from './support/views.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const watching = ok('watchConversation', { conversationId: CONVERSATION, lastSeq: 3, rev: 1 });

function start() {
  const store = storeOf(withConversation({ type: 'group', isLarge: true }));
  const server = new Answers();
  const onWatching = vi.fn();
  const viewing = new Viewing({ store, ask: server.ask, onWatching });
  viewing.start();
  store.dispatch({ type: 'opened', conversationId: CONVERSATION });
  return { store, server, viewing, onWatching, wait: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe('an open large conversation', () => {
  it.each(['TIMEOUT', 'INTERNAL', 'RATE_LIMITED'] as const)(
    'is delivered live after %s, though nothing else happens',
    async (code) => {
      const { server, onWatching, wait } = start();
      await server.nth(0).answer(failure(code, 2_000));
      await wait(10_000);
      expect(server.asked).toHaveLength(2);
      await server.nth(1).answer(watching);
      expect(onWatching).toHaveBeenCalledExactlyOnceWith(CONVERSATION);
      await wait(60_000);
      expect(server.asked).toHaveLength(2);
    },
  );

  it('that was closed meanwhile, or whose connection has ended, is not asked for again', async () => {
    const { store, server, viewing, wait } = start();
    await server.nth(0).answer(failure('TIMEOUT'));
    store.dispatch({ type: 'closed', conversationId: CONVERSATION });
    await wait(60_000);
    expect(server.asked).toHaveLength(1);
    store.dispatch({ type: 'opened', conversationId: CONVERSATION });
    await server.nth(1).answer(failure('OFFLINE'));
    viewing.stop();
    await wait(60_000);
    expect(server.asked).toHaveLength(2);
  });
});
