import { expect } from 'vitest';
import { describeInBrowser, it } from './support/windows.js';

/** More than one page of messages. */
const FILLERS = 150;

describeInBrowser('search and receipts in the app', () => {
  it('old messages are found, in one chat and in all; the app jumps to them and back', async ({
    server,
    bob,
    openApp,
  }) => {
    const id = await bob.open('alice');
    await bob.send(id, 'the lamp is green');
    await Promise.all(Array.from({ length: FILLERS }, (_, index) => bob.send(id, `filler ${index}`)));
    const { seq } = await bob.ok('sendMessage', {
      conversationId: id,
      content: 'another lamp',
      clientMessageId: 'last',
    });
    const phone = await server.connectAs('alice');
    await phone.ok('message:read', { conversationId: id, seq });
    const alice = await openApp(server, { as: 'alice' });
    const { page } = alice;
    await alice.openChat('Bob Tanaka');
    await alice.messages('another lamp').waitFor();
    expect(await alice.messages('the lamp is green').count()).toBe(0);
    await page.getByRole('button', { name: 'Search in this chat' }).click();
    await page.getByPlaceholder('Search in this chat').fill('lamp');
    const found = page.getByRole('dialog').getByTestId('found-message');
    await found.nth(1).waitFor();
    expect(await found.allTextContents()).toEqual([
      expect.stringContaining('another lamp'),
      expect.stringContaining('the lamp is green'),
    ]);
    await found.nth(1).click();
    await alice.messages('the lamp is green').waitFor();
    await page.getByRole('button', { name: 'Go to the newest message' }).click();
    await alice.messages('another lamp').waitFor();

    await page.reload();
    const field = page.getByPlaceholder('Search chats and messages');
    await field.fill('green');
    await page.getByTestId('found-message').getByText('the lamp is green').click();
    await alice.messages('the lamp is green').waitFor();
    await field.press('Escape');
    await alice.chat('Bob Tanaka').waitFor();
    await field.fill('nothing like this');
    await page.getByText('Nothing found').waitFor();
    alice.expectNoFaults();
  });

  it('in a group, of one member', async ({ server, bob, openApp }) => {
    const { conversation } = await bob.ok('createGroup', { name: 'Band', participants: ['dan', 'eva'] });
    const eva = await server.connectAs('eva');
    await bob.send(conversation._id, 'drums at eight');
    await eva.send(conversation._id, 'drums at nine');
    await eva.send(conversation._id, 'bring a cable');
    const dan = await openApp(server, { as: 'dan' });
    const { page } = dan;
    await dan.openChat('Band');
    await dan.messages('bring a cable').waitFor();
    await page.getByRole('button', { name: 'Search in this chat' }).click();
    const dialog = page.getByRole('dialog');
    const found = dialog.getByTestId('found-message');
    await page.getByPlaceholder('Search in this chat').fill('drums');
    await found.nth(1).waitFor();
    await dialog.getByRole('button', { name: 'Eva Novak', exact: true }).click();
    await found.nth(1).waitFor({ state: 'detached' });
    await found.getByText('drums at nine').waitFor();
    // Without words: everything that they wrote.
    await page.getByPlaceholder('Search in this chat').fill('');
    await found.getByText('bring a cable').waitFor();
    expect(await found.count()).toBe(2);
    dan.expectNoFaults();
  });

  it('who has seen a message, and when', async ({ server, openApp }) => {
    const carol = await server.connectAs('carol');
    const dan = await server.connectAs('dan');
    const { conversation } = await carol.ok('createGroup', {
      name: 'Seen',
      participants: ['alice', 'dan', 'eva'],
    });
    const alice = await openApp(server, { as: 'alice' });
    await alice.openChat('Seen');
    await alice.write('who sees this?');
    const { seq } = await dan.next('message:new', ({ content }) => content === 'who sees this?');
    const place = { conversationId: conversation._id, seq };
    await carol.ok('message:delivered', place);
    await dan.ok('message:read', place);
    const line = alice
      .messages('who sees this?')
      .getByRole('button', { name: /^Seen by .?Dan Lindqvist.?$/ });
    await line.click();
    const dialog = alice.page.getByRole('dialog', { name: 'Info' });
    const groupTexts = async (title: string) =>
      (await dialog.getByRole('group', { name: title }).textContent())?.replaceAll(/\s+/g, ' ');
    await dialog.getByText('Read by · 1').waitFor();
    expect(await groupTexts('Read by')).toMatch(/Dan Lindqvist\d\d:\d\d$/);
    expect(await groupTexts('Delivered to')).toMatch(/^Delivered to · 1.*Carol Osei\d\d:\d\d$/);
    expect(await groupTexts('Not yet received by')).toMatch(/^Not yet received by · 1.*Eva Novak$/);
    await alice.page.keyboard.press('Escape');
    // The line follows the newest message.
    await alice.write('and this?');
    await line.waitFor({ state: 'detached' });
    alice.expectNoFaults();
  });
});
