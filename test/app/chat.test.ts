import { expect } from 'vitest';
import { PATIENT } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

const ALICE = 'Alice Moreau';
const BOB = 'Bob Tanaka';

describeInBrowser('a chat in the app', () => {
  it('two users in two windows: messages, ticks, typing, presence', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice' });
    await alice.startChat(BOB);
    await alice.write('first');
    await alice.hasTick('first', 'sent');
    const bob = await openApp(server, { as: 'bob' });
    await alice.hasTick('first', 'delivered');
    await bob.chat(ALICE).getByText('1', { exact: true }).waitFor();
    expect(await bob.page.title()).toBe('(1) Parley');
    await bob.openChat(ALICE);
    await alice.hasTick('first', 'read');
    await bob.page.getByTestId('unread-marker').waitFor();
    await bob.composer.pressSequentially('so');
    await alice.page.getByTestId('typing').waitFor();
    await alice.chat(BOB).getByText('typing…').waitFor();
    await bob.write('second');
    await alice.messages('second').waitFor();
    await alice.page.getByTestId('typing').waitFor({ state: 'detached' });
    await alice.page.reload();
    await alice.page.getByTestId('chat-subtitle').getByText('Online').waitFor();
    alice.expectNoFaults();
    bob.expectNoFaults();
  });

  it('a message that is taller than the list is read', async ({ server, openApp }) => {
    const carol = await server.connectAs('carol');
    const conversationId = await carol.open('dan');
    const sizes = [
      { width: 1100, height: 300 },
      { width: 390, height: 640 },
    ];
    for (const viewport of sizes) {
      const text = `${viewport.width} pixels `.repeat(300).trim();
      await carol.send(conversationId, text);
      const dan = await openApp(server, { as: 'dan', viewport });
      await dan.openChat('Carol Osei');
      await dan.messages(text).waitFor();
      await expect.poll(() => dan.page.title(), PATIENT).toBe('Parley');
      dan.expectNoFaults();
    }
  });

  it('pins a message, and the pin leads to it', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice' });
    await alice.startChat('Dan Lindqvist');
    await alice.write('the address is Long Street 5');
    await alice.hasTick('the address is Long Street 5', 'sent');
    await alice.onMessage('the address is Long Street 5', 'Pin');
    await alice.page.getByTestId('pinned').getByText('the address is Long Street 5').click();
    await alice.onMessage('the address is Long Street 5', 'Unpin');
    await alice.page.getByTestId('pinned').waitFor({ state: 'detached' });
    alice.expectNoFaults();
  });

  it('messages written offline are shown at once and arrive once, in order', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice' });
    await alice.startChat('Eva Novak');
    const eva = await openApp(server, { as: 'eva' });
    await alice.write('before');
    await eva.openChat(ALICE);
    await alice.page.context().setOffline(true);
    const texts = ['one', 'two', 'three'];
    for (const text of texts) {
      await alice.write(text);
      await alice.hasTick(text, 'sending');
    }
    await alice.page.getByTestId('offline-banner').waitFor();
    await alice.page.context().setOffline(false);
    for (const text of texts) await eva.messages(text).waitFor();
    expect(await eva.page.getByTestId('message-text').allTextContents()).toEqual(['before', ...texts]);
    await alice.hasTick('three', 'read');
    await alice.page.getByTestId('offline-banner').waitFor({ state: 'detached' });
    alice.expectNoFaults();
  });

  it('a draft stays with its chat, and is shown on the list', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice' });
    await alice.startChat(BOB);
    await alice.composer.fill('not ready');
    await alice.startChat('Farid Haddad');
    await expect.poll(() => alice.composer.inputValue(), PATIENT).toBe('');
    await alice.chat(BOB).getByText('Draft:').waitFor();
    await alice.page.reload();
    await alice.openChat(BOB);
    await expect.poll(() => alice.composer.inputValue(), PATIENT).toBe('not ready');
    // The field has the focus, and one writes on where one has stopped.
    await alice.page.keyboard.type(' yet');
    expect(await alice.composer.inputValue()).toBe('not ready yet');
    alice.expectNoFaults();
  });

  it('an answer that is begun keeps the message that it answers', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice' });
    await alice.startChat(BOB);
    await alice.write('shall we?');
    await alice.hasTick('shall we?', 'sent');
    await alice.onMessage('shall we?', 'Reply');
    await alice.composer.fill('we shall');
    await alice.startChat('Farid Haddad');
    await alice.page.getByText('Reply to').waitFor({ state: 'detached' });
    await alice.openChat(BOB);
    await alice.page.getByText('Reply to').waitFor();
    await alice.composer.press('Enter');
    await alice.messages('we shall').getByText('shall we?').waitFor();
    await alice.page.getByText('Reply to').waitFor({ state: 'detached' });
    await alice.startChat('Farid Haddad');
    await alice.openChat(BOB);
    expect(await alice.page.getByText('Reply to').count()).toBe(0);
    alice.expectNoFaults();
  });

  it('Enter sends, Shift+Enter begins a line, arrow up edits the last message', async ({
    server,
    openApp,
  }) => {
    const alice = await openApp(server, { as: 'alice' });
    await alice.startChat(BOB);
    await alice.composer.fill('');
    await alice.composer.pressSequentially('line');
    await alice.composer.press('Shift+Enter');
    await alice.composer.pressSequentially('next');
    await alice.composer.press('Enter');
    // Until it is stored it cannot be edited: the message before it would be.
    await alice
      .messages('line\nnext')
      .getByTestId(/^tick-(sent|delivered|read)$/)
      .waitFor();
    await alice.composer.press('ArrowUp');
    await alice.page.getByText('Edit message').waitFor();
    await expect.poll(() => alice.composer.inputValue(), PATIENT).toBe('line\nnext');
    await alice.composer.press('Escape');
    await expect.poll(() => alice.composer.inputValue(), PATIENT).toBe('');
    alice.expectNoFaults();
  });

  it('a long chat opens at its end, loads older pages, and a link leads to an old message', async ({
    server,
    bob,
    openApp,
  }) => {
    const conversationId = await bob.open('farid');
    for (let index = 1; index <= 150; index += 1) await bob.send(conversationId, `number ${index}`);
    const farid = await openApp(server, { as: 'farid' });
    await farid.chat(BOB).waitFor();
    await farid.page.evaluate(`location.hash = '#/c/${conversationId}/3'`);
    await farid.messages('number 3').waitFor();
    await farid.page.getByRole('button', { name: 'Go to the newest message' }).click();
    await farid.messages('number 150').waitFor();
    farid.expectNoFaults();
  });
});
