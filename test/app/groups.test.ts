import { expect } from 'vitest';
import { PATIENT } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('groups, safety and search in the app', () => {
  it('the list: pin, mute, mark as unread, archive', async ({ server, openApp }) => {
    const dan = await openApp(server, { as: 'dan' });
    for (const name of ['Alice Moreau', 'Bob Tanaka', 'Carol Osei']) {
      await dan.startChat(name);
      await dan.write(`hello ${name}`);
      await dan.hasTick(`hello ${name}`, 'sent');
    }
    const names = () => dan.page.getByTestId('conversation-name').allTextContents();
    await expect.poll(names, PATIENT).toEqual(['Carol Osei', 'Bob Tanaka', 'Alice Moreau']);
    await dan.onChat('Alice Moreau', 'Pin');
    await expect.poll(names, PATIENT).toEqual(['Alice Moreau', 'Carol Osei', 'Bob Tanaka']);
    await dan.onChat('Bob Tanaka', 'Mute');
    await dan.confirm('8 hours');
    await dan.page.getByRole('button', { name: /^Bob Tanaka.*, Muted/ }).waitFor();
    await dan.onChat('Bob Tanaka', 'Mark as unread');
    await dan.page.getByRole('button', { name: 'Unread', exact: true }).click();
    await expect.poll(names, PATIENT).toEqual(['Bob Tanaka']);
    await dan.onChat('Bob Tanaka', 'Archive');
    await dan.page.getByText('Nothing unread').waitFor();
    await dan.page.getByRole('button', { name: 'Archived', exact: true }).click();
    await expect.poll(names, PATIENT).toEqual(['Bob Tanaka']);
    dan.expectNoFaults();
  });

  it('blocking closes a chat and unblocking opens it; a report is sent', async ({ server, openApp }) => {
    const eva = await openApp(server, { as: 'eva' });
    await eva.startChat('Farid Haddad');
    await eva.write('hello');
    await eva.hasTick('hello', 'sent');
    await eva.page.getByTestId('chat-title').click();
    await eva.page.getByRole('button', { name: 'Report' }).click();
    await eva.page.getByRole('radio', { name: 'Spam' }).click();
    await eva.page.getByLabel('What happened?').fill('many links');
    await eva.confirm('Report');
    await eva.page.getByText('Reported. Thank you.').waitFor();
    await eva.page.getByTestId('chat-title').click();
    await eva.page.getByRole('button', { name: 'Block' }).click();
    await eva.confirm('Block');
    await eva.page.getByText('You have blocked this person.').waitFor();
    await eva.page.getByRole('button', { name: 'Unblock' }).click();
    await eva.composer.waitFor();
    eva.expectNoFaults();
  });

  it('search finds chats and messages, in all chats and in one', async ({ server, openApp }) => {
    const farid = await openApp(server, { as: 'farid' });
    await farid.startChat('Carol Osei');
    await farid.write('the pineapple is ripe');
    await farid.write('and the rest is not');
    await farid.hasTick('and the rest is not', 'sent');
    const field = farid.page.getByPlaceholder('Search chats and messages');
    await field.fill('carol');
    await farid.page.getByRole('heading', { name: 'Chats', level: 3 }).waitFor();
    await field.fill('pineapple');
    await farid.page.getByTestId('found-message').getByText('the pineapple is ripe').click();
    await farid.messages('the pineapple is ripe').waitFor();
    await farid.page.getByRole('button', { name: 'Search in this chat' }).click();
    await farid.page.getByPlaceholder('Search in this chat').fill('rest');
    await farid.page.getByRole('dialog').getByTestId('found-message').click();
    await farid.page.getByRole('dialog').waitFor({ state: 'detached' });
    await field.fill('zebra');
    await farid.page.getByText('Nothing found').waitFor();
    farid.expectNoFaults();
  });

  it('a search without a connection is answered with the next one', async ({ server, openApp }) => {
    const farid = await openApp(server, { as: 'farid' });
    await farid.startChat('Dan Lindqvist');
    await farid.write('the walnut is hard');
    await farid.hasTick('the walnut is hard', 'sent');
    await farid.page.context().setOffline(true);
    await farid.page.getByTestId('offline-banner').waitFor();
    await farid.page.getByPlaceholder('Search chats and messages').fill('walnut');
    await farid.page.getByRole('alert').waitFor();
    await farid.page.context().setOffline(false);
    await farid.page.getByTestId('found-message').getByText('the walnut is hard').waitFor();
    farid.expectNoFaults();
  });

  it('on a phone, list and chat take turns, and a day leads to its first message', async ({
    server,
    openApp,
  }) => {
    const carol = await openApp(server, { as: 'carol', viewport: { width: 390, height: 760 } });
    await carol.startChat('Eva Novak');
    await carol.write('at the beginning');
    await carol.hasTick('at the beginning', 'sent');
    await carol.page.getByRole('button', { name: /^Today/ }).click();
    await carol.page.getByRole('button', { name: 'First message' }).click();
    await carol.messages('at the beginning').waitFor();
    await carol.page.getByRole('button', { name: 'Back' }).click();
    await carol.chat('Eva Novak').waitFor();
    expect(await carol.composer.count()).toBe(0);
    expect(await carol.page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    carol.expectNoFaults();
  });

  it('pictures, files, places and products are shown, and pictures open over the window', async ({
    server,
    bob,
    openApp,
  }) => {
    const conversationId = await bob.open('carol');
    const send = (content: object) =>
      bob.ok('sendMessage', { conversationId, clientMessageId: crypto.randomUUID(), ...content });
    const url = `${server.url}/favicon.svg`;
    await send({
      content: 'two pictures',
      attachments: [
        { kind: 'image', url, name: 'one' },
        { kind: 'image', url, name: 'two' },
      ],
    });
    await send({ attachments: [{ kind: 'file', url, name: 'invoice\u202Efdp.exe', sizeBytes: 1_234_567 }] });
    await send({ attachments: [{ kind: 'voice', url, durationMs: 65_000 }] });
    await send({ location: { latitude: 48.13, longitude: 11.57, title: 'Hall East' } });
    await send({
      content: 'this one',
      card: { kind: 'product', title: 'Rope', price: { amount: '149.90', currency: 'EUR' } },
    });
    const carol = await openApp(server, { as: 'carol' });
    await carol.openChat('Bob Tanaka');
    await carol.page.getByText('€149.90').waitFor();
    await carol.page.getByRole('link', { name: /Hall East/ }).waitFor();
    await carol.page.getByText('1:05').waitFor();
    await carol.page.getByText('invoice[U+202E]fdp.exe').first().waitFor();
    await carol.page.getByText('1.2 MB').waitFor();
    await carol.page.getByRole('button', { name: 'Open the picture: two' }).click();
    const viewer = carol.page.getByRole('dialog', { name: /Picture.*2.*2/ });
    await viewer.waitFor();
    await carol.page.keyboard.press('ArrowLeft');
    await carol.page.getByRole('dialog', { name: /Picture.*1.*2/ }).waitFor();
    await carol.page.keyboard.press('Escape');
    await viewer.waitFor({ state: 'detached' });
    carol.expectNoFaults();
  });
});
