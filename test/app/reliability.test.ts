import { expect } from 'vitest';
import { messagesOf } from '../support/messages.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { storedRecords } from './support/records.js';
import { describeInBrowser, it, type OpenApp } from './support/windows.js';
import { Wire } from './support/wire.js';

/** Height of a window of the tests, in pixels. */
const HEIGHT = 760;

/** Opens a window of Alice with her chat with Bob. @returns the window and the id of the chat */
async function aliceWithBob(openApp: OpenApp, server: TestServer, wire?: Wire): Promise<[AppWindow, string]> {
  const alice = await openApp(server, { as: 'alice', ...(wire && { prepare: (page) => wire.attach(page) }) });
  await alice.startChat('Bob Tanaka');
  const id = /[0-9a-f]{24}$/.exec(alice.page.url())?.[0] ?? '';
  return [alice, id];
}

/** Waits until these messages are shown, in this order. The list places a new row first, and orders its elements later. */
const shows = ({ page }: AppWindow, texts: readonly string[]) =>
  expect.poll(() => page.getByTestId('message-text').allTextContents(), PATIENT).toEqual(texts);

/** Puts a proxy before the server. Without one, a window can be offline. */
async function useWire({ page }: AppWindow): Promise<Wire> {
  const wire = new Wire();
  await wire.attach(page);
  await page.reload();
  return wire;
}

/** Turns the wheel until this message is in the window. */
const goToEnd = (window: AppWindow, text: string) =>
  expect
    .poll(async () => {
      await window.page.mouse.move(700, 300);
      await window.page.mouse.wheel(0, 10_000);
      const box = await window.messages(text).boundingBox();
      return box !== null && box.y + box.height < HEIGHT;
    }, PATIENT)
    .toBe(true);

const banner = ({ page }: AppWindow) => page.getByTestId('offline-banner');

const UNAVAILABLE = { success: false, code: 'UNAVAILABLE', error: 'The database is away.' };
const BLOCKED = { success: false, code: 'BLOCKED', error: 'Blocked.' };

describeInBrowser('in the app, nothing is lost and nothing is shown twice', () => {
  it('when the network fails, answers are lost, the outcome is unknown, or the window is reloaded', async ({
    openApp,
  }) => {
    await using server = await startServer({ demo: true });
    const [alice, id] = await aliceWithBob(openApp, server);
    const bob = await server.connectAs('bob');
    const all = ['before', 'from the other side', 'meanwhile 1', 'meanwhile 2'];
    await alice.write('before');
    await alice.hasTick('before', 'sent');
    await alice.page.context().setOffline(true);
    await banner(alice).getByText('You are offline').waitFor();
    await alice.write('meanwhile 1');
    await alice.write('meanwhile 2');
    await alice.hasTick('meanwhile 2', 'sending');
    // Stored before Alice is back: the order of the messages is the one in which they are stored.
    await bob.send(id, 'from the other side');
    await alice.page.context().setOffline(false);
    await alice.hasTick('meanwhile 2', 'sent');
    await shows(alice, all);

    const wire = await useWire(alice);
    let cuts = 2;
    wire.judge = (event) => (event === 'sendMessage' && (cuts -= 1) >= 0 ? 'cut' : 'pass');
    for (const text of ['only once', 'and then this']) await alice.write(text);
    await alice.hasTick('and then this', 'sent');
    let answers = 2;
    wire.judge = (event) =>
      event === 'sendMessage' && (answers -= 1) >= 0 ? { answer: UNAVAILABLE } : 'pass';
    await alice.write('patience');
    await alice.hasTick('patience', 'sent');
    all.push('only once', 'and then this', 'patience');
    await shows(alice, all);

    wire.judge = (event) => (event === 'sendMessage' ? 'drop' : 'pass');
    for (const text of ['stored, but not answered', 'not even sent']) await alice.write(text);
    await alice.hasTick('not even sent', 'sending');
    // Shown at once, stored on the device a moment later.
    const isStored = async () => JSON.stringify(await storedRecords(alice)).includes('not even sent');
    await until(isStored, { what: 'a message that is stored on the device' });
    await alice.composer.fill('a draft');
    wire.judge = () => 'pass';
    await alice.page.reload();
    await alice.hasTick('not even sent', 'sent');
    all.push('stored, but not answered', 'not even sent');
    await shows(alice, all);
    expect(await alice.composer.inputValue()).toBe('a draft');
    expect(messagesOf(await bob.ok('getMessages', { conversationId: id })).map((one) => one.content)).toEqual(
      all,
    );
    alice.expectNoFaults();
  });

  it('when a message can never be sent: it is shown as failed also after a reload, and is retried or discarded', async ({
    server,
    openApp,
  }) => {
    const wire = new Wire();
    const [alice] = await aliceWithBob(openApp, server, wire);
    wire.refuse = (event) => (event === 'sendMessage' ? BLOCKED : undefined);
    for (const text of ['refused', 'refused, too']) {
      await alice.write(text);
      await alice.hasTick(text, 'failed');
    }
    await alice.page.reload();
    await alice.hasTick('refused, too', 'failed');
    wire.refuse = () => undefined;
    await alice.onMessage('refused, too', 'Discard');
    await alice.messages('refused, too').waitFor({ state: 'detached' });
    await alice.onMessage('refused', 'Send again');
    await alice.hasTick('refused', 'sent');
    await shows(alice, ['refused']);
    alice.expectNoFaults();
  });

  it('when pushes are lost, and when messages arrive while the app is still catching up', async ({
    openApp,
  }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice, id] = await aliceWithBob(openApp, server, wire);
    const bob = await server.connectAs('bob');
    const all: string[] = [];
    let dropped = 0;
    const send = async (text: string, isLost = false): Promise<void> => {
      wire.dropPushes = isLost;
      await bob.send(id, text);
      all.push(text);
      // The proxy received the push, the app did not.
      if (isLost) await wire.dropped((dropped += 1));
      wire.dropPushes = false;
    };
    const showsAll = () => shows(alice, all);
    await send('seen');
    await send('lost');
    await showsAll();
    // A gap is closed as soon as a later message shows it.
    await send('lost 1', true);
    await send('lost 2', true);
    await send('later');
    await showsAll();
    const hints: Record<string, () => unknown> = {
      'coming back to the window': () =>
        alice.page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`),
      'servers that had lost each other': () => wire.push('sync:advised', { withinMs: 100 }),
      'a repeated head': () =>
        wire.push('conversation:updated', { head: { conversationId: id, lastSeq: all.length, rev: 0 } }),
    };
    for (const [hint, give] of Object.entries(hints)) {
      await send(`found by ${hint}`, true);
      await give();
      await showsAll();
    }

    wire.judge = (event) => (event === 'sync' ? 'hold' : 'pass');
    await alice.page.reload();
    await wire.holding();
    await send('meanwhile');
    wire.release();
    await send('after');
    await showsAll();
    await bob.next('message:status', ({ readSeq }) => readSeq === all.length);
    alice.expectNoFaults();
  });

  it('when the server is restarted, also with another database: loaded data is dropped, unsent messages are kept', async ({
    openApp,
  }) => {
    const first = await startServer({ demo: true });
    const [alice, id] = await aliceWithBob(openApp, first);
    await alice.write('before');
    await alice.hasTick('before', 'sent');
    const { databaseName, url } = first;
    const env = { PORT: new URL(url).port };
    await first[Symbol.asyncDispose]();
    await banner(alice).getByText('The server is restarting').waitFor();
    await alice.write('meanwhile');
    await alice.hasTick('meanwhile', 'sending');
    const second = await startServer({ demo: true, databaseName, env });
    await alice.hasTick('meanwhile', 'sent');
    await shows(alice, ['before', 'meanwhile']);

    await second[Symbol.asyncDispose]();
    await banner(alice).waitFor();
    await alice.write('unsent');
    await using third = await startServer({ demo: true, env });
    await alice.page.getByText('This chat is not there any more').waitFor(PATIENT);
    await shows(alice, ['unsent']);
    expect(await alice.page.getByTestId('conversation').count()).toBe(0);
    const bob = await third.connectAs('bob');
    expect(await bob.open('alice')).not.toBe(id);
    await alice.chat('Bob Tanaka').waitFor();
    await alice.messages('unsent').getByRole('button', { name: 'Discard' }).click();
    await alice.page.getByText('Pick a conversation').waitFor();
    alice.expectNoFaults();
  });

  it('when an edit is answered late, the answer that was begun meanwhile stays', async ({ openApp }) => {
    await using server = await startServer({ demo: true });
    const wire = new Wire();
    const [alice] = await aliceWithBob(openApp, server, wire);
    for (const text of ['one', 'two']) await alice.write(text);
    await alice.hasTick('two', 'sent');
    await alice.composer.press('ArrowUp');
    wire.judge = (event) => (event === 'editMessage' ? 'hold' : 'pass');
    await alice.write('two, edited');
    await wire.holding();
    await alice.composer.press('Escape');
    await alice.onMessage('one', 'Reply');
    await alice.page.getByText('Reply to').waitFor();
    wire.release();
    await alice.messages('two, edited').waitFor();
    await alice.write('an answer');
    await alice.messages('an answer').getByText('one', { exact: true }).waitFor();
    alice.expectNoFaults();
  });

  it('with few events: many messages are read with few receipts, many keystrokes make one typing notice', async ({
    openApp,
  }) => {
    await using server = await startServer({ demo: true });
    const [alice, id] = await aliceWithBob(openApp, server);
    const bob = await server.connectAs('bob');
    const sendMany = (text = 'message') =>
      Promise.all(Array.from({ length: 60 }, (_, index) => bob.send(id, `${text} ${index}`)));
    // They come together into an empty chat that somebody looks at.
    await alice.page.context().setOffline(true);
    await banner(alice).waitFor();
    await sendMany();
    await alice.page.context().setOffline(false);
    await bob.next('message:status', ({ readSeq }) => readSeq === 60);
    const wire = await useWire(alice);
    // The window may have been reloaded before it had stored that she has read: then the chat opens at the first message.
    await goToEnd(alice, 'message 59');
    await sendMany('more');
    // The list follows to its very end: a last message that is cut off would stay unread.
    await bob.next('message:status', ({ readSeq }) => readSeq === 120);
    const toEnd = alice.page.getByRole('button', { name: 'Go to the newest message' });
    await toEnd.waitFor({ state: 'hidden' });
    expect(wire.count('message:read') + wire.count('message:delivered')).toBeLessThan(20);
    await alice.composer.pressSequentially('a few words');
    await bob.next('typing', ({ typing }) => typing);
    await alice.composer.press('Enter');
    await bob.next('typing', ({ typing }) => !typing);
    expect(wire.count('typing')).toBeLessThanOrEqual(3);
    alice.expectNoFaults();
  });
});
