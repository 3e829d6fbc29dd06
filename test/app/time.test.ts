import { describeInBrowser, it } from './support/windows.js';

const DAY_MS = 86_400_000;

describeInBrowser('days and times in the app', () => {
  it('follow the server’s clock, and “Today” turns into “Yesterday” at midnight: between messages, in the list and in what was found', async ({
    server,
    bob,
    openApp,
  }) => {
    const id = await bob.open('alice');
    const { createdAt } = await bob.ok('sendMessage', {
      conversationId: id,
      content: 'late words',
      clientMessageId: crypto.randomUUID(),
    });
    const clock = createdAt.slice(11, 16);
    const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: 'UTC' });
    const alice = await openApp(server, {
      as: 'alice',
      timezoneId: 'UTC',
      // The device's clock is wrong.
      prepare: (page) => page.clock.install({ time: Date.now() + 3 * DAY_MS }),
    });
    const row = alice.chat('Bob Tanaka');
    await row.getByText(weekday.format(new Date(createdAt))).waitFor();
    await alice.openChat('Bob Tanaka');
    // The position up to which Alice has read comes with the server's time.
    const day = alice.page.getByTestId('day');
    await day.getByText('Today', { exact: true }).waitFor();
    await row.getByText(clock, { exact: true }).waitFor();
    await alice.messages('late words').getByText(clock, { exact: true }).waitFor();
    await alice.page.getByPlaceholder('Search chats and messages').fill('words');
    const found = alice.page.getByTestId('found-message');
    await found.getByText(clock, { exact: true }).waitFor();

    await alice.page.clock.fastForward(DAY_MS);
    await day.getByText('Yesterday', { exact: true }).waitFor();
    await found.getByText('Yesterday', { exact: true }).waitFor();
    await alice.page.getByRole('button', { name: 'Clear the search' }).click();
    await row.getByText('Yesterday', { exact: true }).waitFor();
    alice.expectNoFaults();
  });
});
