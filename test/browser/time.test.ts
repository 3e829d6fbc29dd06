import { expect } from 'vitest';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('at midnight', () => {
  it('“Today” turns into “Yesterday”, without a reload', async ({ open, server, bob }) => {
    const id = await bob.open('alice');
    const sent = await bob.ok('sendMessage', {
      conversationId: id,
      content: 'late words',
      clientMessageId: crypto.randomUUID(),
    });
    const endOfDay = `${sent.createdAt.slice(0, 10)}T23:59:50.000Z`;
    const alice = await open(server, {
      as: 'alice',
      timezoneId: 'UTC',
      prepare: (page) => page.clock.install({ time: endOfDay }),
    });
    await alice.openChat('Bob Tanaka');
    const day = alice.page.locator('.row-day');
    await day.getByText('Today').waitFor();
    await alice.page.getByLabel('Search chats and messages').fill('words');
    const found = alice.page.locator('.found .conversation-time');
    await found.waitFor();
    expect(await found.textContent()).not.toBe('Yesterday');

    await alice.page.clock.fastForward(15_000);
    await day.getByText('Yesterday').waitFor();
    await found.getByText('Yesterday').waitFor();
    await alice.page.getByRole('button', { name: 'End the search' }).click();
    await alice.chat('Bob Tanaka').getByText('Yesterday').waitFor();
    expect(alice.complaints).toEqual([]);
  });
});
