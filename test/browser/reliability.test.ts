import { expect } from 'vitest';
import { messagesOf } from '../support/messages.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import type { ChatWindow } from './support/browser.js';
import { storedRecords } from './support/records.js';
import { describeInBrowser, it, type OpenWindow } from './support/windows.js';
import { Wire } from './support/wire.js';

/** Returns the stored messages of a conversation, as Bob reads them. */
async function stored(server: TestServer, conversationId: string): Promise<string[]> {
  const bob = await server.connectAs('bob');
  return messagesOf(await bob.ok('getMessages', { conversationId })).map(({ content }) => content);
}

/** Opens Alice’s window with her chat with Bob. @returns the window and the id of the chat. */
async function aliceWithBob(
  open: OpenWindow,
  server: TestServer,
  wire?: Wire,
): Promise<[ChatWindow, string]> {
  const alice = await open(server, {
    as: 'alice',
    ...(wire && { prepare: (page) => wire.attach(page) }),
  });
  await alice.startChat('Bob Tanaka');
  const id = /[0-9a-f]{24}$/.exec(alice.page.url())?.[0] ?? '';
  return [alice, id];
}

const state = (window: ChatWindow, text: string, status: string) =>
  window.messages(text).and(window.page.locator(`.${status}`));

describeInBrowser('nothing is lost and nothing is shown twice', () => {
  it('over a reload', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const [alice] = await aliceWithBob(open, server);
    for (const text of ['one', 'two', 'three']) await alice.write(text);
    await state(alice, 'three', 'sent').waitFor();
    await alice.composer.fill('a draft');
    await alice.page.reload();
    await alice.messages('three').waitFor();
    await alice.banner.waitFor({ state: 'hidden' });
    expect(await alice.texts()).toEqual(['one', 'two', 'three']);
    expect(await alice.composer.inputValue()).toBe('a draft');
    expect(await alice.page.locator('.conversation').count()).toBe(1);
    expect(alice.complaints).toEqual([]);
  });

  it('when the network fails while the user writes', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const [alice, id] = await aliceWithBob(open, server);
    const bob = await open(server, { as: 'bob' });
    await bob.openChat('Alice Moreau');
    await alice.write('before');
    await bob.messages('before').waitFor();

    await alice.page.context().setOffline(true);
    await alice.write('meanwhile 1');
    await alice.write('meanwhile 2');
    await state(alice, 'meanwhile 2', 'sending').waitFor();
    await alice.banner.getByText('You are offline').waitFor();
    await bob.write('from the other side');
    // Stored before Alice is back: the order of the messages is the one in which they are stored.
    await state(bob, 'from the other side', 'sent').waitFor();

    await alice.page.context().setOffline(false);
    await state(alice, 'meanwhile 2', 'read').waitFor();
    await alice.banner.waitFor({ state: 'hidden' });
    const all = ['before', 'from the other side', 'meanwhile 1', 'meanwhile 2'];
    expect(await alice.texts()).toEqual(all);
    expect(await bob.texts()).toEqual(all);
    expect(await stored(server, id)).toEqual(all);
    expect([...alice.faults, ...bob.faults]).toEqual([]);
  });

  it('when the page is reloaded with unsent messages', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice, id] = await aliceWithBob(open, server, wire);
    wire.judge = (event) => (event === 'sendMessage' ? 'drop' : 'pass');
    await alice.write('stored, but not answered');
    await alice.write('not even sent');
    await state(alice, 'not even sent', 'sending').waitFor();
    // Shown at once, stored on the device a moment later.
    const isStored = async () => JSON.stringify(await storedRecords(alice)).includes('not even sent');
    await until(isStored, { what: 'a message that is stored on the device' });
    wire.judge = () => 'pass';
    await alice.page.reload();
    await state(alice, 'not even sent', 'sent').waitFor();
    const all = ['stored, but not answered', 'not even sent'];
    expect(await alice.texts()).toEqual(all);
    expect(await stored(server, id)).toEqual(all);
  });

  it('when the answer to a message is lost with the connection', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice, id] = await aliceWithBob(open, server, wire);
    let cuts = 2;
    wire.judge = (event) => (event === 'sendMessage' && (cuts -= 1) >= 0 ? 'cut' : 'pass');
    await alice.write('only once');
    await alice.write('and then this');
    await state(alice, 'and then this', 'sent').waitFor();
    // Whether the message is sent again or found by a sync, it is stored once.
    expect(wire.count('sendMessage')).toBeGreaterThanOrEqual(3);
    expect(await alice.texts()).toEqual(['only once', 'and then this']);
    expect(await stored(server, id)).toEqual(['only once', 'and then this']);
    expect(alice.faults).toEqual([]);
  });

  it('when the server answers that the outcome is unknown', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice, id] = await aliceWithBob(open, server, wire);
    let answers = 2;
    const unavailable = { success: false, code: 'UNAVAILABLE', error: 'The database is away.' };
    wire.judge = (event) =>
      event === 'sendMessage' && (answers -= 1) >= 0 ? { answer: unavailable } : 'pass';
    await alice.write('patience');
    await state(alice, 'patience', 'sending').waitFor();
    await state(alice, 'patience', 'sent').waitFor();
    expect(await stored(server, id)).toEqual(['patience']);
  });

  it('when the server is restarted', async ({ open }) => {
    const first = await startServer({ demo: true });
    const [alice, id] = await aliceWithBob(open, first);
    await alice.write('before');
    await state(alice, 'before', 'sent').waitFor();
    const { databaseName, url } = first;
    await first[Symbol.asyncDispose]();
    await alice.banner.getByText('The server is restarting').waitFor();
    await alice.write('meanwhile');
    await state(alice, 'meanwhile', 'sending').waitFor();
    await using second = await startServer({ demo: true, databaseName, env: { PORT: new URL(url).port } });
    await state(alice, 'meanwhile', 'sent').waitFor({ timeout: 20_000 });
    expect(await alice.texts()).toEqual(['before', 'meanwhile']);
    expect(await stored(second, id)).toEqual(['before', 'meanwhile']);
    expect(alice.faults).toEqual([]);
  });

  it('when pushes are lost: a gap is closed as soon as it is detected', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice, id] = await aliceWithBob(open, server, wire);
    const bob = await server.connectAs('bob');
    await bob.send(id, 'one');
    await alice.messages('one').waitFor();
    wire.dropPushes = true;
    await bob.send(id, 'two');
    await bob.send(id, 'three');
    // The proxy received the push, the page did not.
    await wire.dropped(2);
    wire.dropPushes = false;
    await bob.send(id, 'four');
    await alice.messages('three').waitFor();
    expect(await alice.texts()).toEqual(['one', 'two', 'three', 'four']);
  });

  it.for<[string, (alice: ChatWindow, wire: Wire, id: string) => unknown]>([
    [
      'the next sync, as on coming back to a window, finds it',
      ({ page }) => page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`),
    ],
    [
      'asked to sync by servers that had lost each other, the page finds it',
      (_alice, wire) => wire.push('sync:advised', { withinMs: 100 }),
    ],
    [
      'a repeated head tells of it',
      (_alice, wire, id) =>
        wire.push('conversation:updated', { head: { conversationId: id, lastSeq: 2, rev: 0 } }),
    ],
  ])('when a push is lost without a trace: %s', async ([, hint], { open }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice, id] = await aliceWithBob(open, server, wire);
    const bob = await server.connectAs('bob');
    await bob.send(id, 'one');
    await alice.messages('one').waitFor();
    wire.dropPushes = true;
    await bob.send(id, 'two');
    await wire.dropped(1);
    await hint(alice, wire, id);
    await alice.messages('two').waitFor();
    expect(await alice.texts()).toEqual(['one', 'two']);
  });

  it('when messages arrive while the page is still catching up', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice, id] = await aliceWithBob(open, server, wire);
    const bob = await server.connectAs('bob');
    await bob.send(id, 'before');
    await alice.messages('before').waitFor();
    wire.judge = (event) => (event === 'sync' ? 'hold' : 'pass');
    await alice.page.reload();
    await wire.holding();
    await bob.send(id, 'meanwhile');
    wire.release();
    await bob.send(id, 'after');
    await alice.messages('after').waitFor();
    // It may have come too late to be in the cache, and is loaded again then.
    await alice.messages('before').waitFor();
    expect(await alice.texts()).toEqual(['before', 'meanwhile', 'after']);
    await bob.next('message:status', ({ readSeq }) => readSeq === 3);
  });

  it('when the server restarts with another database: loaded data is dropped, unsent messages are kept', async ({
    open,
  }) => {
    const first = await startServer({ demo: true });
    const [alice, id] = await aliceWithBob(open, first);
    await alice.write('of the old database');
    await state(alice, 'of the old database', 'sent').waitFor();
    await first[Symbol.asyncDispose]();
    await alice.write('unsent');
    await using second = await startServer({ demo: true, env: { PORT: new URL(first.url).port } });
    await alice.page.getByRole('button', { name: /Tap to retry/ }).waitFor({ timeout: 20_000 });
    expect(await alice.texts()).toEqual(['unsent']);
    expect(await alice.page.locator('.conversation').count()).toBe(0);
    const bob = await second.connectAs('bob');
    expect(await bob.open('alice')).not.toBe(id);
    await alice.chat('Bob Tanaka').waitFor();
    expect(alice.faults).toEqual([]);
  });

  it('with few events: many messages make few receipts, many keystrokes one typing notice', async ({
    open,
  }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice, id] = await aliceWithBob(open, server, wire);
    const bob = await server.connectAs('bob');
    await Promise.all(Array.from({ length: 60 }, (_, index) => bob.send(id, `message ${index}`)));
    await bob.next('message:status', ({ readSeq }) => readSeq === 60);
    expect(wire.count('message:read') + wire.count('message:delivered')).toBeLessThan(20);
    await alice.composer.pressSequentially('a few words');
    await bob.next('typing', ({ typing }) => typing);
    await alice.composer.press('Enter');
    await bob.next('typing', ({ typing }) => !typing);
    expect(wire.count('typing')).toBeLessThanOrEqual(3);
  });

  it('of messages that come together into an empty chat that somebody looks at, all are read', async ({
    open,
  }) => {
    await using server = await startServer({ demo: true });
    const [alice, id] = await aliceWithBob(open, server);
    const bob = await server.connectAs('bob');
    await alice.page.context().setOffline(true);
    await alice.banner.waitFor();
    await Promise.all(Array.from({ length: 60 }, (_, index) => bob.send(id, `message ${index}`)));
    await alice.page.context().setOffline(false);
    await bob.next('message:status', ({ readSeq }) => readSeq === 60);
    await alice.page.locator('.jump').waitFor({ state: 'hidden' });
  });

  it('but a message that can never be sent is shown as failed, and can be retried or discarded', async ({
    open,
  }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice, id] = await aliceWithBob(open, server, wire);
    const blocked = { success: false, code: 'BLOCKED', error: 'Blocked.' };
    wire.refuse = (event) => (event === 'sendMessage' ? blocked : undefined);
    await alice.write('refused');
    await alice.write('refused, too');
    await alice.page
      .getByRole('button', { name: /Tap to retry/ })
      .nth(1)
      .waitFor();
    await alice.page.reload();
    const retry = alice.page.getByRole('button', { name: /Tap to retry/ });
    await retry.nth(1).waitFor();
    wire.refuse = () => undefined;
    await alice.messages('refused, too').getByRole('button', { name: 'Delete' }).click();
    await alice.messages('refused, too').waitFor({ state: 'detached' });
    await retry.click();
    await state(alice, 'refused', 'sent').waitFor();
    expect(await alice.texts()).toEqual(['refused']);
    expect(await stored(server, id)).toEqual(['refused']);
  });
});
