import { expect } from 'vitest';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('the page', () => {
  it('finds old messages, in one chat and in all, and jumps to them and back', async ({
    open,
    server,
    bob,
  }) => {
    const id = await bob.open('alice');
    await bob.send(id, 'the lamp is green');
    for (let page = 0; page < 5; page += 1) {
      await Promise.all(
        Array.from({ length: 60 }, (_, index) => bob.send(id, `filler ${page * 60 + index}`)),
      );
    }
    await bob.send(id, 'another lamp');
    const alice = await open(server, { as: 'alice' });
    await alice.openChat('Bob Tanaka');
    await alice.messages('another lamp').waitFor();
    await alice.page.getByRole('button', { name: 'Search in this conversation' }).click();
    await alice.page.getByRole('textbox', { name: 'Search in this conversation' }).fill('lamp');
    await alice.page.locator('.search-count', { hasText: '1 of 2' }).waitFor();
    await alice.page.getByRole('button', { name: 'Earlier one' }).click();
    await alice.page.locator('.search-count', { hasText: '2 of 2' }).waitFor();
    await alice.messages('the lamp is green').and(alice.page.locator('.shining')).waitFor();
    await alice.page.getByRole('button', { name: 'Close the search' }).click();
    await alice.page.getByRole('button', { name: 'To the newest message' }).click();
    await alice.messages('another lamp').waitFor();

    await alice.page.reload();
    const field = alice.page.getByRole('textbox', { name: 'Search chats and messages' });
    await field.fill('green');
    await alice.page.getByRole('link', { name: /the lamp is green/ }).click();
    await alice.messages('the lamp is green').and(alice.page.locator('.shining')).waitFor();
    await field.press('Escape');
    await alice.chat('Bob Tanaka').waitFor();
    await field.fill('nothing like this');
    await alice.page.getByText('No messages found').waitFor();
    expect(alice.complaints).toEqual([]);
  });

  it('answers what was asked without a connection with the next one', async ({ open, server, bob }) => {
    const id = await bob.open('alice');
    await bob.send(id, 'the walnut is hard');
    const alice = await open(server, { as: 'alice' });
    await alice.openChat('Bob Tanaka');
    await alice.messages('the walnut is hard').waitFor();
    await alice.page.context().setOffline(true);
    await alice.page.getByRole('textbox', { name: 'Search chats and messages' }).fill('walnut');
    await alice.page.locator('.search-note', { hasText: /connection/i }).waitFor();
    await alice.page.context().setOffline(false);
    await alice.page.getByRole('link', { name: /the walnut is hard/ }).waitFor();
  });

  it('shows who has seen a message, and when', async ({ open, server }) => {
    const carol = await server.connectAs('carol');
    const dan = await server.connectAs('dan');
    const { conversation } = await carol.ok('createGroup', { name: 'Seen', participants: ['alice', 'dan'] });
    const alice = await open(server, { as: 'alice' });
    await alice.openChat('Seen');
    await alice.write('who sees this?');
    const { seq } = await dan.next('message:new', ({ content }) => content === 'who sees this?');
    await dan.ok('message:read', { conversationId: conversation._id, seq });
    await carol.ok('message:delivered', { conversationId: conversation._id, seq });
    await alice.page.getByRole('button', { name: 'Seen by Dan Lindqvist' }).click();
    const dialog = alice.page.getByRole('dialog', { name: 'Seen by' });
    await dialog.getByText('Read · 1').waitFor();
    await dialog.getByText('Delivered · 1').waitFor();
    expect(await dialog.locator('.person-line').allTextContents()).toEqual([
      expect.stringMatching(/Dan Lindqvist\d\d:\d\d/),
      expect.stringMatching(/Carol Osei\d\d:\d\d/),
    ]);
    expect(alice.complaints).toEqual([]);
  });
});
