import { expect } from 'vitest';
import { Wire } from './support/wire.js';
import type { TestClient } from '../support/client.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

const MANY = 300;
/** Maximum number of rows that are mounted at once, however much was read. */
const MAX_ROWS = 80;

const text = (index: number): string => `message ${index}`;

const seed = (client: TestClient, conversation: string, count: number): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, index) => client.send(conversation, text(index + 1))));

const shownNumbers = async ({ page }: AppWindow): Promise<number[]> =>
  (await page.getByTestId('message-text').allTextContents()).map((shown) =>
    Number(shown.replace('message ', '')),
  );

/** Scrolls the messages up (or down) once with the wheel. */
async function turn({ page }: AppWindow, deltaY: number): Promise<void> {
  await page.getByRole('log').hover();
  await page.mouse.wheel(0, deltaY);
}

/** Distance in pixels of what is shown from the end of the messages. */
const distanceFromEnd = ({ page }: AppWindow): Promise<number> =>
  page.evaluate<number>(`(() => {
    const inner = [...document.querySelectorAll('[role=log] *')];
    const list = inner.find((one) => /auto|scroll/.test(getComputedStyle(one).overflowY));
    return Math.round(list.scrollHeight - list.scrollTop - list.clientHeight);
  })()`);

describeInBrowser('a long history in the app', () => {
  it('loads page by page while the user scrolls up, complete and in order, in a bounded number of rows', async ({
    openApp,
  }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await seed(alice, conversation, MANY);
    const phone = await server.connectAs('bob');
    // Everything was read on another device, so the chat opens at its end.
    await phone.ok('message:read', { conversationId: conversation, seq: MANY });
    const bob = await openApp(server, { as: 'bob' });
    await bob.openChat('Alice Moreau');
    await bob.messages(text(MANY)).waitFor();
    const seen = new Set<number>();
    await until(
      async () => {
        const numbers = await shownNumbers(bob);
        await turn(bob, -400);
        for (const number of numbers) seen.add(number);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(numbers.length).toBeLessThan(MAX_ROWS);
        return seen.has(1);
      },
      { what: 'the first message' },
    );
    expect([...seen].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: MANY }, (_, index) => index + 1),
    );
    await bob.page.getByRole('button', { name: 'Go to the newest message' }).click();
    await bob.messages(text(MANY)).waitFor();
    bob.expectNoFaults();
  });

  it('keeps the visible messages in place while older ones load above and new ones arrive below', async ({
    openApp,
  }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    // In a group, the first message of a sender has their name above it.
    const { conversation: group } = await alice.ok('createGroup', { name: 'Long', participants: ['bob'] });
    const conversation = group._id;
    await seed(alice, conversation, 150);
    const phone = await server.connectAs('bob');
    await phone.ok('message:read', { conversationId: conversation, seq: 151 });
    const wire = new Wire();
    const bob = await openApp(server, { as: 'bob', prepare: (page) => wire.attach(page) });
    await bob.openChat('Long');
    await bob.messages(text(150)).waitFor();
    wire.judge = (event) => (event === 'getMessages' ? 'hold' : 'pass');
    const day = bob.page.getByTestId('day');
    await until(
      async () => {
        await turn(bob, -400);
        return wire.asked.filter((event) => event === 'getMessages').length > 1 && day.isVisible();
      },
      { what: 'the top of what is loaded, and a request for older messages' },
    );
    await wire.holding();
    // While it scrolls, the elements are in any order.
    const first = Math.min(...(await shownNumbers(bob)));
    const reading = bob.messages(text(first + 5));
    const top = async () => Math.round((await reading.boundingBox())?.y ?? NaN);
    const before = await top();
    wire.release();
    await bob.messages(text(first - 1)).waitFor({ state: 'attached' });
    await expect.poll(top, PATIENT).toBe(before);
    await alice.send(conversation, 'something new');
    await bob.chat('Long').getByText('something new').waitFor();
    // The list is scrolled up, so the new message is not read.
    await bob.page.getByRole('button', { name: /^Long.*1 unread message/s }).waitFor();
    expect(await top()).toBe(before);
    expect(await bob.messages(text(first)).getByText('Alice Moreau').count()).toBe(0);
    await bob.page.getByRole('button', { name: 'Go to the newest message' }).click();
    await bob.messages('something new').waitFor();
    await alice.next('message:status', ({ readSeq }) => readSeq === 152);
    bob.expectNoFaults();
  });

  it('who scrolls back slowly from the end is not pulled to it again', async ({ openApp }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await seed(alice, conversation, 40);
    const phone = await server.connectAs('bob');
    await phone.ok('message:read', { conversationId: conversation, seq: 40 });
    const bob = await openApp(server, { as: 'bob' });
    await bob.openChat('Alice Moreau');
    const distance = () => distanceFromEnd(bob);
    await bob.messages(text(40)).waitFor();
    await expect.poll(distance, PATIENT).toBe(0);
    // As a touchpad does. Rows above come near meanwhile, and turn out not to be as tall as estimated.
    for (let turns = 1; turns <= 6; turns += 1) {
      await turn(bob, -10);
      await expect.poll(distance, PATIENT).toBe(turns * 10);
    }
    await alice.ok('react', { conversationId: conversation, seq: 39, emoji: '👍', on: true });
    await bob.page.getByRole('button', { name: /👍.*1 reaction/ }).waitFor();
    // The row of the reaction is below what is read: it is then too far from the end to be at it.
    await bob.page.getByRole('button', { name: 'Go to the newest message' }).click();
    await expect.poll(distance, PATIENT).toBe(0);
    await turn(bob, -20);
    await expect.poll(distance, PATIENT).toBe(20);
    // A new message that would be cut off is shown.
    await alice.send(conversation, 'something new');
    await alice.next('message:status', ({ readSeq }) => readSeq === 41);
    await expect.poll(distance, PATIENT).toBe(0);
    bob.expectNoFaults();
  });

  it('opens where the unread messages begin', async ({ openApp }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await seed(alice, conversation, 100);
    const phone = await server.connectAs('bob');
    await phone.ok('message:read', { conversationId: conversation, seq: 60 });
    const bob = await openApp(server, { as: 'bob' });
    await bob.page.getByRole('button', { name: /Alice Moreau.*40 unread messages/s }).waitFor();
    await bob.openChat('Alice Moreau');
    await bob.messages(text(61)).waitFor();
    const box = await bob.page.getByTestId('unread-marker').boundingBox();
    expect(box?.y).toBeGreaterThan(0);
    expect(box?.y).toBeLessThan(500);
    // The tab key leads to the messages: from there, whole pages are read.
    await bob.page.getByRole('log').focus();
    await until(
      async () => {
        await bob.page.keyboard.press('PageDown');
        return (await distanceFromEnd(bob)) === 0;
      },
      { what: 'the end of the messages', everyMs: 100 },
    );
    await alice.next('message:status', ({ readSeq }) => readSeq === 100);
    await bob.page.keyboard.press('PageUp');
    await expect.poll(() => distanceFromEnd(bob), PATIENT).toBeGreaterThan(300);
    bob.expectNoFaults();
  });

  it('opens where the unread messages begin, also when they are more than a page', async ({ openApp }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await seed(alice, conversation, 170);
    const phone = await server.connectAs('bob');
    await phone.ok('message:read', { conversationId: conversation, seq: 30 });
    const bob = await openApp(server, { as: 'bob' });
    // The newest page is there before the chat is opened.
    await alice.next('message:status', ({ deliveredSeq }) => deliveredSeq === 170);
    await bob.openChat('Alice Moreau');
    await bob.messages(text(31)).waitFor();
    await bob.page.getByTestId('unread-marker').waitFor();
    await bob.page.getByRole('button', { name: /Alice Moreau.*1[0-3]\d unread messages/s }).waitFor();
    bob.expectNoFaults();
  });

  it('a link to a message that does not exist opens the chat at its end, and asks once', async ({
    openApp,
  }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await alice.send(conversation, 'the last one');
    const wire = new Wire();
    const bob = await openApp(server, { as: 'bob', prepare: (page) => wire.attach(page) });
    await bob.chat('Alice Moreau').waitFor();
    for (const seq of [99_999, 50]) {
      const before = wire.asked.length;
      await bob.page.evaluate(`location.hash = '#/c/${conversation}/${seq}'`);
      await bob.messages('the last one').waitFor();
      await alice.send(conversation, `after ${seq}`);
      await bob.messages(`after ${seq}`).waitFor();
      expect(wire.asked.slice(before).filter((event) => event === 'getMessages').length).toBeLessThan(4);
      expect(wire.asked.slice(before)).not.toContain('getConversations');
      await bob.page.evaluate("location.hash = '#/'");
    }
    bob.expectNoFaults();
  });

  it('nothing is read in a window without the focus', async ({ openApp }) => {
    await using server = await startServer({ demo: true });
    const bob = await openApp(server, {
      as: 'bob',
      prepare: (page) =>
        page.addInitScript('globalThis.isLooking = true; document.hasFocus = () => globalThis.isLooking;'),
    });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await alice.send(conversation, 'seen');
    await bob.openChat('Alice Moreau');
    await alice.next('message:status', ({ readSeq }) => readSeq === 1);
    await bob.page.evaluate('globalThis.isLooking = false');
    await alice.send(conversation, 'not seen');
    await alice.next('message:status', ({ deliveredSeq }) => deliveredSeq === 2);
    await bob.messages('not seen').waitFor();
    await bob.page.getByRole('button', { name: /Alice Moreau.*1 unread message/s }).waitFor();
    expect(alice.pushes('message:status').filter(({ readSeq }) => readSeq === 2)).toEqual([]);
    await bob.page.evaluate('globalThis.isLooking = true; dispatchEvent(new Event("focus"))');
    await alice.next('message:status', ({ readSeq }) => readSeq === 2);
    bob.expectNoFaults();
  });
});
