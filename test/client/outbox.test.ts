import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ParleyError } from '../../packages/client/src/errors/parleyError.js';
import { createStore } from '../../packages/client/src/observable/store.js';
import { Outbox } from '../../packages/client/src/outbox/outbox.js';
import { createState } from '../../packages/client/src/state/reduce.js';
import type { PendingMessage } from '../../packages/client/src/state/types.js';
import { OutboxStorage } from '../../packages/client/src/storage/outboxStorage.js';
import { Answers, failure } from './support/answers.js';
import { OTHER, settle, startOutbox } from './support/outboxes.js';
import { userStorage } from './support/storages.js';
import { ALICE, CONVERSATION, messageView, received } from './support/views.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('the outbox', () => {
  it('stores a message before it sends it', async () => {
    const { add, outbox, server, storage, store } = await startOutbox();
    outbox.start();
    let release: () => void = () => undefined;
    storage.before = (operation) =>
      operation === 'write' ? new Promise((resolve) => (release = resolve)) : Promise.resolve();
    const { persisted } = add('one');
    expect(store.getState().outbox).toMatchObject([{ content: 'one', status: 'pending' }]);
    await settle();
    expect(server.asked).toHaveLength(0);
    release();
    await persisted;
    await settle();
    expect(server.asked).toHaveLength(1);
  });

  it('sends in order, the next one when the previous one is answered', async () => {
    const { add, outbox, store1, contents } = await startOutbox();
    outbox.start();
    add('one');
    add('two');
    await settle();
    expect(contents()).toEqual(['one']);
    await store1(0);
    expect(contents()).toEqual(['one', 'two']);
  });

  it('keeps the order when a later message is stored on the device sooner', async () => {
    const { add, outbox, storage, contents, store1 } = await startOutbox();
    outbox.start();
    const waiting: (() => void)[] = [];
    storage.before = () => new Promise((resolve) => waiting.push(resolve));
    add('one');
    add('two');
    await settle();
    waiting[1]?.();
    await settle();
    expect(contents()).toEqual([]);
    waiting[0]?.();
    storage.before = () => Promise.resolve();
    await settle();
    expect(contents()).toEqual(['one']);
    await store1(0);
    expect(contents()).toEqual(['one', 'two']);
  });

  it('does not let one conversation wait for another', async () => {
    const { add, outbox, contents } = await startOutbox();
    outbox.start();
    add('here');
    add('there', OTHER);
    await settle();
    expect(contents()).toEqual(['here', 'there']);
  });

  it.each(['UNAVAILABLE', 'INTERNAL', 'TIMEOUT', 'OFFLINE'] as const)(
    'retries with the same id after %s',
    async (code) => {
      const { add, outbox, server, payload, statuses } = await startOutbox();
      outbox.start();
      add('one');
      await settle();
      await server.nth(0).answer(failure(code));
      expect(statuses()).toEqual(['pending']);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(server.asked).toHaveLength(2);
      expect(payload(1)).toEqual(payload(0));
    },
  );

  it('waits as long as the server says', async () => {
    const { add, outbox, server } = await startOutbox();
    outbox.start();
    add('one');
    await settle();
    await server.nth(0).answer(failure('RATE_LIMITED', 5_000));
    await vi.advanceTimersByTimeAsync(4_900);
    expect(server.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(server.asked).toHaveLength(2);
  });

  it.each(['BLOCKED', 'NOT_PARTICIPANT', 'TOO_LARGE', 'CONFLICT', 'VALIDATION'] as const)(
    'marks a message as failed after %s, and continues with the next',
    async (code) => {
      const { add, outbox, server, contents, statuses, events } = await startOutbox();
      outbox.start();
      const { stored } = add('one');
      add('two');
      await settle();
      await server.nth(0).answer(failure(code));
      await expect(stored).rejects.toMatchObject({ name: 'ParleyError', code });
      expect(statuses()).toEqual([code, 'pending']);
      expect(events).toEqual([`failed one ${code}`]);
      expect(contents()).toEqual(['one', 'two']);
    },
  );

  it('retries a failed message with the same id, unless the id itself was the conflict', async () => {
    const { add, outbox, server, payload } = await startOutbox();
    outbox.start();
    const { clientMessageId } = add('one');
    await settle();
    await server.nth(0).answer(failure('BLOCKED'));
    for (let tap = 0; tap < 3; tap += 1) outbox.retry(clientMessageId);
    await settle();
    expect(server.asked).toHaveLength(2);
    expect(payload(1).clientMessageId).toBe(clientMessageId);
    await server.nth(1).answer(failure('CONFLICT'));
    outbox.retry(clientMessageId);
    await settle();
    expect(payload(2).clientMessageId).not.toBe(clientMessageId);
  });

  it('resolves with the stored message, once, however it arrives', async () => {
    const { add, outbox, store, store1, events } = await startOutbox();
    outbox.start();
    const first = add('one');
    await settle();
    // The push may come before the answer.
    store.dispatch(
      received(messageView(1, ALICE, { clientMessageId: first.clientMessageId, content: 'one' })),
    );
    await expect(first.stored).resolves.toMatchObject({ seq: 1 });
    await store1(0);
    const second = add('two');
    await settle();
    await store1(1);
    await expect(second.stored).resolves.not.toHaveProperty('duplicate');
    expect(events).toEqual(['sent one 1', 'sent two 2']);
  });

  it('takes messages back', async () => {
    const { add, outbox, server, stored, store } = await startOutbox();
    const first = add('one');
    const early = add('two');
    outbox.discard(early.clientMessageId);
    await settle();
    outbox.discard(first.clientMessageId);
    await expect(first.stored).rejects.toMatchObject({ code: 'DISCARDED' });
    await settle();
    outbox.start();
    expect(store.getState().outbox).toEqual([]);
    expect(await stored()).toEqual([]);
    expect(server.asked).toHaveLength(0);
  });

  it('survives a restart, failed messages too, and goes on in order with the same ids', async () => {
    const before = await startOutbox();
    before.outbox.start();
    before.add('refused');
    await settle();
    await before.server.nth(0).answer(failure('BLOCKED'));
    before.outbox.stop();
    before.add('one');
    before.add('two');
    await settle();
    const after = await startOutbox({ storage: before.storage });
    expect(after.store.getState().outbox).toEqual(before.store.getState().outbox);
    after.outbox.start();
    await after.store1(0);
    expect(after.contents()).toEqual(['one', 'two']);
  });

  it('removes messages that were sent', async () => {
    const { add, outbox, store1, stored, store } = await startOutbox();
    outbox.start();
    add('one');
    await settle();
    expect(await stored()).toEqual(['one']);
    await store1(0);
    expect(await stored()).toEqual([]);
    expect(store.getState().outbox).toEqual([]);
  });

  it('puts new messages behind those of an earlier run that are being read', async () => {
    const before = await startOutbox();
    before.add('earlier');
    await settle();
    const store = createStore(createState(ALICE));
    const later = new Outbox({
      store,
      ask: new Answers().ask,
      newId: () => 'later',
      onSent: () => undefined,
      onFailed: () => undefined,
    });
    later.useStorage(new OutboxStorage(userStorage(before.storage, ALICE)));
    const restored = later.restore();
    const { persisted } = later.add(CONVERSATION, { content: 'later' });
    expect(store.getState().outbox).toMatchObject([{ content: 'later' }]);
    await restored;
    await persisted;
    expect(store.getState().outbox).toMatchObject([
      { content: 'earlier', order: 1 },
      { content: 'later', order: 2 },
    ]);
  });

  it('sends nothing while there is no connection, and at once when there is', async () => {
    const { add, outbox, server } = await startOutbox();
    add('one');
    await settle();
    expect(server.asked).toHaveLength(0);
    outbox.start();
    expect(server.asked).toHaveLength(1);
    outbox.stop();
    await server.nth(0).answer(failure('OFFLINE'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toHaveLength(1);
    outbox.start();
    expect(server.asked).toHaveLength(2);
  });

  it('keeps messages in memory while the storage fails, and stores them when it works again', async () => {
    const { add, outbox, storage, server, stored } = await startOutbox();
    storage.before = () => Promise.reject(new Error('the disk is full'));
    const { persisted } = add('one');
    await expect(persisted).rejects.toMatchObject({ code: 'STORAGE' });
    storage.before = () => Promise.resolve();
    expect(await stored()).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await stored()).toEqual(['one']);
    outbox.start();
    expect(server.asked).toHaveLength(1);
  });

  it('sends all the same when the storage does not answer', async () => {
    const { add, outbox, storage, server } = await startOutbox();
    outbox.start();
    storage.before = () => new Promise(() => undefined);
    const { persisted } = add('one');
    const failed = expect(persisted).rejects.toMatchObject({ code: 'STORAGE' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.asked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
    expect(server.asked).toHaveLength(1);
  });

  it('lets later messages overtake one that is being prepared, and sends it with what it carries then', async () => {
    const uploads: ((url: string) => void)[] = [];
    const prepare = (_entry: PendingMessage) =>
      new Promise<{ attachments: { kind: 'image'; url: string }[] }>((resolve) => {
        uploads.push((url) => resolve({ attachments: [{ kind: 'image', url }] }));
      });
    const { outbox, add, contents, payload, store1, store } = await startOutbox({ prepare });
    outbox.start();
    outbox.add(CONVERSATION, { content: 'picture', preparation: { upload: 'u1' } });
    add('text');
    await settle();
    expect(contents()).toEqual(['text']);
    await store1(0);
    expect(uploads).toHaveLength(1);
    uploads[0]?.('https://example.com/1.jpg');
    await settle();
    expect(payload(1)).toMatchObject({
      content: 'picture',
      attachments: [{ url: 'https://example.com/1.jpg' }],
    });
    expect(store.getState().outbox).toHaveLength(1);
    expect(store.getState().outbox[0]).not.toHaveProperty('preparation');
  });

  it('fails a message whose preparation can never succeed', async () => {
    const prepare = () => Promise.reject(new ParleyError('TOO_LARGE', 'The picture is too large.'));
    const { outbox, statuses, server } = await startOutbox({ prepare });
    outbox.start();
    outbox.add(CONVERSATION, { content: 'picture', preparation: {} });
    await settle();
    expect(statuses()).toEqual(['TOO_LARGE']);
    expect(server.asked).toHaveLength(0);
  });
});
