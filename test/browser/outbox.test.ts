import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutbox } from '../../page/src/outbox.js';
import { createStorage, memoryArea } from '../../page/src/storage.js';
import { createState, createStore } from '../../page/src/store.js';
import type { Answer } from '../../page/src/types.js';
import { ALICE, CONVERSATION, conversationView, messageView } from './support/views.js';

interface Sent {
  clientMessageId: string;
  conversationId: string;
  content: string;
}

const OTHER = 'd'.repeat(24);
const FAILURE = (code: string): Answer => ({ success: false, code, error: code });

/** Creates an outbox with a server whose answers the test controls. */
function start({ area = memoryArea() } = {}) {
  const store = createStore(createState(ALICE));
  store.dispatch({
    type: 'conversations',
    conversations: [conversationView(), conversationView({ _id: OTHER, participants: [ALICE, 'carol'] })],
  });
  const asked: { payload: Sent; answer: (answer: Answer) => Promise<void> }[] = [];
  const ask = (_event: string, payload: object) =>
    new Promise<Answer>((resolve) => {
      const answer = async (given: Answer) => {
        resolve(given);
        await vi.advanceTimersByTimeAsync(0);
      };
      asked.push({ payload: payload as Sent, answer });
    });
  const storage = createStorage(area, ALICE);
  const outbox = createOutbox({ store, storage, ask });
  let seq = 0;
  const stored = ({ clientMessageId, conversationId }: Sent): Answer => ({
    success: true,
    data: messageView((seq += 1), ALICE, { clientMessageId, conversationId }),
  });
  /** Returns the request with this index, which must have been sent. */
  const nth = (index: number) => {
    const one = asked[index];
    if (one === undefined) throw new Error(`only ${asked.length} messages were sent`);
    return one;
  };
  return {
    store,
    asked,
    nth,
    storage,
    outbox,
    stored,
    contents: () => asked.map(({ payload }) => payload.content),
  };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('the outbox', () => {
  it('sends in order, the next one when the previous one is answered', async () => {
    const { outbox, nth, stored, contents } = start();
    outbox.start();
    outbox.add(CONVERSATION, 'one');
    outbox.add(CONVERSATION, 'two');
    expect(contents()).toEqual(['one']);
    await nth(0).answer(stored(nth(0).payload));
    expect(contents()).toEqual(['one', 'two']);
  });

  it('does not let one conversation wait for another', () => {
    const { outbox, contents } = start();
    outbox.start();
    outbox.add(CONVERSATION, 'here');
    outbox.add(OTHER, 'there');
    expect(contents()).toEqual(['here', 'there']);
  });

  it.each(['UNAVAILABLE', 'INTERNAL', 'TIMEOUT', 'OFFLINE', 'SOMETHING_NEW'])(
    'retries with the same id after %s',
    async (code) => {
      const { outbox, asked, nth, store } = start();
      outbox.start();
      outbox.add(CONVERSATION, 'one');
      await nth(0).answer(FAILURE(code));
      expect(store.getState().outbox).toMatchObject([{ state: 'waiting' }]);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(asked).toHaveLength(2);
      expect(nth(1).payload).toEqual(nth(0).payload);
    },
  );

  it('waits as long as the server says', async () => {
    const { outbox, asked, nth } = start();
    outbox.start();
    outbox.add(CONVERSATION, 'one');
    await nth(0).answer({ success: false, code: 'RATE_LIMITED', error: '', retryAfterMs: 5_000 });
    await vi.advanceTimersByTimeAsync(4_900);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toHaveLength(2);
  });

  it.each(['BLOCKED', 'NOT_PARTICIPANT', 'TOO_LARGE', 'CONFLICT', 'VALIDATION'])(
    'marks a message as failed after %s, and continues with the next',
    async (code) => {
      const { outbox, nth, store, contents } = start();
      outbox.start();
      outbox.add(CONVERSATION, 'one');
      outbox.add(CONVERSATION, 'two');
      await nth(0).answer(FAILURE(code));
      expect(store.getState().outbox).toMatchObject([{ state: 'failed', code }, { state: 'waiting' }]);
      expect(contents()).toEqual(['one', 'two']);
    },
  );

  it('retries a failed message with the same id, unless the id itself was the conflict', async () => {
    const { outbox, nth } = start();
    outbox.start();
    outbox.add(CONVERSATION, 'one');
    const first = nth(0).payload.clientMessageId;
    await nth(0).answer(FAILURE('BLOCKED'));
    outbox.retry(first);
    expect(nth(1).payload.clientMessageId).toBe(first);
    await nth(1).answer(FAILURE('CONFLICT'));
    outbox.retry(first);
    expect(nth(2).payload.clientMessageId).not.toBe(first);
  });

  it('survives a reload, failed messages too, and goes on in order with the same ids', async () => {
    const area = memoryArea();
    const before = start({ area });
    before.outbox.start();
    before.outbox.add(CONVERSATION, 'refused');
    await before.nth(0).answer(FAILURE('BLOCKED'));
    before.outbox.stop();
    before.outbox.add(CONVERSATION, 'one');
    before.outbox.add(CONVERSATION, 'two');
    const after = start({ area });
    after.outbox.restore();
    expect(after.store.getState().outbox).toEqual(before.store.getState().outbox);
    after.outbox.start();
    await after.nth(0).answer(after.stored(after.nth(0).payload));
    expect(after.contents()).toEqual(['one', 'two']);
  });

  it('removes messages that were sent', async () => {
    const { outbox, nth, stored, storage, store } = start();
    outbox.start();
    outbox.add(CONVERSATION, 'one');
    expect(storage.readOutbox()).toHaveLength(1);
    await nth(0).answer(stored(nth(0).payload));
    expect(storage.readOutbox()).toEqual([]);
    expect(store.getState().outbox).toEqual([]);
  });

  it('is not overwritten by another tab of the same user', () => {
    const area = memoryArea();
    const [one, two] = [start({ area }), start({ area })];
    one.outbox.add(CONVERSATION, 'from one tab');
    two.outbox.add(CONVERSATION, 'from the other');
    const later = start({ area });
    later.outbox.restore();
    expect(later.store.getState().outbox.map(({ content }) => content)).toEqual([
      'from one tab',
      'from the other',
    ]);
  });

  it('sends nothing while there is no connection, and at once when there is', async () => {
    const { outbox, asked, nth } = start();
    outbox.add(CONVERSATION, 'one');
    expect(asked).toHaveLength(0);
    outbox.start();
    expect(asked).toHaveLength(1);
    outbox.stop();
    await nth(0).answer(FAILURE('OFFLINE'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
    outbox.start();
    expect(asked).toHaveLength(2);
  });
});
