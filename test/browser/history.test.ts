import { expect } from 'vitest';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import type { TestClient } from '../support/client.js';
import type { ChatWindow } from './support/browser.js';
import { describeInBrowser, it } from './support/windows.js';
import { Wire } from './support/wire.js';

const MANY = 300;
/** Maximum number of rows that the page renders at once, however much was read. */
const MAX_ROWS = 280;

const text = (index: number): string => `message ${index}`;

async function seed(client: TestClient, conversation: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => client.send(conversation, text(index + 1))));
}

const numbersOf = async (window: ChatWindow): Promise<number[]> =>
  (await window.texts()).map((shown) => Number(shown.replace('message ', '')));

/** Scrolls the messages up (or down) once with the wheel. */
const turn = async (window: ChatWindow, deltaY: number): Promise<void> => {
  await window.page.locator('.messages-scroller').hover();
  await window.page.mouse.wheel(0, deltaY);
};

const rowsOf = (window: ChatWindow): Promise<number> => window.page.locator('.messages > li').count();

describeInBrowser('a long history', () => {
  it('loads page by page while the user scrolls up, complete and in order, in a bounded number of rows', async ({
    open,
  }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await seed(alice, conversation, MANY);
    const bob = await open(server, { as: 'bob' });
    // Everything was read on another device, so the chat opens at its end.
    const phone = await server.connectAs('bob');
    await phone.ok('message:read', { conversationId: conversation, seq: MANY });
    await bob.openChat('Alice Moreau');
    await bob.messages(text(MANY)).waitFor();

    const seen = new Set<number>();
    await until(
      async () => {
        await turn(bob, -1_500);
        const numbers = await numbersOf(bob);
        for (const number of numbers) seen.add(number);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(await rowsOf(bob)).toBeLessThan(MAX_ROWS);
        return seen.has(1);
      },
      { what: 'the first message' },
    );
    expect([...seen].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: MANY }, (_, index) => index + 1),
    );
    await bob.page.getByText('This is the beginning of your conversation.').waitFor();

    await bob.page.getByRole('button', { name: 'To the newest message' }).click();
    await bob.messages(text(MANY)).waitFor();
    await until(async () => (await bob.page.locator('.jump').isVisible()) || 'hidden', { what: 'the end' });
    expect(bob.complaints).toEqual([]);
  });

  it('keeps the visible messages in place while older ones load above and new ones arrive below', async ({
    open,
  }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await seed(alice, conversation, 150);
    const phone = await server.connectAs('bob');
    await phone.ok('message:read', { conversationId: conversation, seq: 150 });
    const wire = new Wire();
    const bob = await open(server, { as: 'bob', prepare: (page) => wire.attach(page) });
    await bob.openChat('Alice Moreau');
    await bob.messages(text(150)).waitFor();

    wire.judge = (event) => (event === 'getMessages' ? 'hold' : 'pass');
    await turn(bob, -1_400);
    await wire.holding();
    const reading = bob.messages(text(105));
    const top = async () => (await reading.boundingBox())?.y;
    const before = await top();
    expect(before).toBeTypeOf('number');

    wire.release();
    await bob.messages(text(60)).waitFor({ state: 'attached' });
    expect(await top()).toBe(before);

    await alice.send(conversation, 'something new');
    const jump = bob.page.getByRole('button', { name: 'To the newest message' });
    await jump.getByText('1', { exact: true }).waitFor();
    expect(await top()).toBe(before);
    // The window is scrolled up, so the new message is not read.
    await bob.chat('Alice Moreau').locator('.badge', { hasText: '1' }).waitFor();

    await jump.click();
    await bob.messages('something new').waitFor();
    await alice.next('message:status', ({ readSeq }) => readSeq === 151);
    await bob.chat('Alice Moreau').locator('.badge').waitFor({ state: 'hidden' });
  });

  it('opens where the unread messages begin', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    const conversation = await alice.open('bob');
    await seed(alice, conversation, 100);
    const phone = await server.connectAs('bob');
    await phone.ok('message:read', { conversationId: conversation, seq: 60 });
    const bob = await open(server, { as: 'bob' });
    await bob.chat('Alice Moreau').locator('.badge', { hasText: '40' }).waitFor();
    await bob.openChat('Alice Moreau');
    await bob.page.getByText('New messages').waitFor();
    expect(await bob.messages(text(61)).isVisible()).toBe(true);
    const box = await bob.page.getByText('New messages').boundingBox();
    expect(box?.y).toBeGreaterThan(0);
    expect(box?.y).toBeLessThan(400);
  });

  it('shows the days between messages', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const alice = await server.connectAs('alice');
    await alice.send(await alice.open('bob'), 'Hello');
    const bob = await open(server, { as: 'bob' });
    await bob.openChat('Alice Moreau');
    await bob.page.locator('.row-day', { hasText: 'Today' }).waitFor();
  });
});
