import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure, ok } from './support/answers.js';
import { settle, startOutbox } from './support/outboxes.js';
import { TestStorage } from './support/storages.js';
import { ALICE, messageView } from './support/views.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a kill between any two steps', () => {
  /** Storage operations of one message until it is sent and removed: write, remove. Answers to it: lost or arrived. */
  const steps = [
    ['before the message is stored', 1, false, []],
    ['after it was stored', 2, false, ['one']],
    ['after the server has stored it, before the answer', 2, true, ['one']],
    ['after the answer, before it is removed', 2, true, ['one']],
  ] as const;

  it.each(steps)(
    '%s: stores the message at most once, and loses none that was persisted',
    async (...step) => {
      const [name, operations, isStored, left] = step;
      const before = await startOutbox();
      before.outbox.start();
      let count = 0;
      // The storage stops for good at a step: whatever the killed client does afterwards has no effect.
      before.storage.before = (operation) => {
        if (operation !== 'write') return Promise.resolve();
        count += 1;
        return count < operations ? Promise.resolve() : new Promise(() => undefined);
      };
      before.add('one');
      await settle();
      if (name.startsWith('after the answer')) await before.store1(0);
      const disk = before.storage;
      disk.before = () => Promise.resolve();

      const after = await startOutbox({ storage: disk });
      after.outbox.start();
      await settle();
      expect(after.contents()).toEqual(left);
      if (left.length === 0) return;
      expect(after.payload(0)).toEqual(before.payload(0));
      // The server answers a repetition with the stored message.
      await after.server.nth(0).answer(
        ok('sendMessage', {
          ...messageView(1, ALICE, { clientMessageId: after.payload(0).clientMessageId }),
          duplicate: isStored,
        }),
      );
      expect(after.store.getState().outbox).toEqual([]);
      expect(await after.stored()).toEqual([]);
    },
  );
});

describe('several tabs', () => {
  /** Connects outboxes as tabs are: each hears what the others post. */
  async function tabs() {
    const storage = new TestStorage();
    const [leader, follower] = [await startOutbox({ storage }), await startOutbox({ storage })];
    const listeners = [leader, follower].map(() => [] as ((message: never) => void)[]);
    [leader, follower].forEach(({ outbox }, own) => {
      outbox.useTabs({
        post: (message) => listeners[1 - own]?.forEach((listener) => listener(message as never)),
        onMessage: (listener) => {
          listeners[own]?.push(listener);
          return () => undefined;
        },
      });
      outbox.setLeader(own === 0);
      outbox.start();
    });
    return { leader, follower, storage };
  }

  it('send by the leader only, and all learn the result', async () => {
    const { leader, follower } = await tabs();
    const { stored } = follower.add('from a follower');
    await settle();
    expect(follower.server.asked).toHaveLength(0);
    expect(leader.contents()).toEqual(['from a follower']);
    await leader.store1(0);
    await expect(stored).resolves.toMatchObject({ seq: 1 });
    expect(follower.store.getState().outbox).toEqual([]);
    expect(await follower.stored()).toEqual([]);
  });

  it('share failures, retries and discards', async () => {
    const { leader, follower } = await tabs();
    const { clientMessageId, stored } = follower.add('one');
    await settle();
    await leader.server.nth(0).answer(failure('BLOCKED'));
    await expect(stored).rejects.toMatchObject({ code: 'BLOCKED' });
    follower.outbox.retry(clientMessageId);
    await settle();
    expect(leader.server.asked).toHaveLength(2);
    await leader.server.nth(1).answer(failure('BLOCKED'));
    follower.outbox.discard(clientMessageId);
    await settle();
    expect(leader.store.getState().outbox).toEqual([]);
    expect(await leader.stored()).toEqual([]);
  });

  it('lose nothing when the leader is closed: the next one sends what is left', async () => {
    const { leader, follower } = await tabs();
    leader.add('written in the leader');
    await settle();
    leader.outbox.dispose();
    follower.outbox.setLeader(true);
    await settle();
    expect(follower.contents()).toEqual(['written in the leader']);
  });
});
