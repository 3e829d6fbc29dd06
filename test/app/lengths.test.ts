import { expect } from 'vitest';
import { PATIENT } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('text that is too long, in the app', () => {
  it('stays when it is pasted: the app says by how much it is too long, and sends it once it fits', async ({
    server,
    bob,
    openApp,
  }) => {
    const alice = await openApp(server, { as: 'alice' });
    const { page, composer } = alice;
    await alice.startChat('Bob Tanaka');
    await composer.focus();
    await page.keyboard.insertText('b'.repeat(8_008));
    const note = page.getByRole('alert').getByText(/^8 characters too many: at most .?8,000.? fit$/);
    await note.waitFor();
    expect(await composer.inputValue()).toHaveLength(8_008);
    const send = page.getByRole('button', { name: 'Send', exact: true });
    // A microphone stands in its place while nothing can be sent.
    await expect
      .poll(async () => (await send.count()) === 0 || (await send.isDisabled()), PATIENT)
      .toBe(true);
    await composer.press('Enter');
    expect(await alice.messages().count()).toBe(0);
    for (let index = 0; index < 8; index += 1) await composer.press('Backspace');
    await note.waitFor({ state: 'detached' });
    await composer.press('Enter');
    expect((await bob.next('message:new')).content).toBe('b'.repeat(8_000));

    // Counted as the server counts: an emoji is one character.
    await composer.fill('👍'.repeat(8_001));
    await page.getByText(/^1 character too many/).waitFor();
    await composer.fill('👍'.repeat(8_000));
    await page.getByText(/too many/).waitFor({ state: 'detached' });
    await composer.fill('');
    alice.expectNoFaults();
  });

  it('says so in every other field, too, and keeps its form from being sent', async ({ server, openApp }) => {
    const dan = await openApp(server, { as: 'dan' });
    const { page } = dan;
    await page.getByPlaceholder('Search chats and messages').fill('w'.repeat(201));
    await page.getByText(/^1 character too many: at most .?200.? fit$/).waitFor();
    await page.getByPlaceholder('Search chats and messages').fill('');
    await page.getByRole('button', { name: 'New', exact: true }).click();
    await page.getByRole('menuitem', { name: 'New channel' }).click();
    const dialog = page.getByRole('dialog', { name: 'New channel' });
    const name = dialog.getByLabel('Name', { exact: true });
    const create = dialog.getByRole('button', { name: 'Create' });
    await name.focus();
    await page.keyboard.insertText('n'.repeat(103));
    await dialog.getByText(/^3 characters too many: at most .?100.? fit$/).waitFor();
    expect(await create.isDisabled()).toBe(true);
    await name.fill('Dan’s news');
    await dialog.getByPlaceholder('Search, or enter a user id').fill('u'.repeat(129));
    await dialog.getByText(/^1 character too many: at most .?128.? fit$/).waitFor();
    expect(await dialog.getByRole('button', { name: /^Use the id/ }).count()).toBe(0);
    await dialog.getByPlaceholder('Search, or enter a user id').fill('');
    await dialog.getByRole('button', { name: 'More', exact: true }).click();
    const picture = dialog.getByLabel('Address of the picture');
    await picture.fill('javascript:alert(1)');
    await dialog.getByText('An address begins with https:// or http://.').waitFor();
    expect(await create.isDisabled()).toBe(true);
    await picture.fill(`${server.url}/icon.png?${'p'.repeat(2_048)}`);
    await dialog.getByText(/characters too many: at most .?2,048.? fit$/).waitFor();
    expect(await create.isDisabled()).toBe(true);
    await picture.fill('');
    await dialog.getByRole('switch', { name: 'New members see earlier messages' }).click();
    await create.click();
    await dan.isOpen('Dan’s news');
    await page.getByTestId('chat-title').click();
    await page.getByRole('button', { name: 'Edit channel' }).click();
    expect(await page.getByRole('switch', { name: 'New members see earlier messages' }).isChecked()).toBe(
      true,
    );
    // Browsers cut what is pasted into a field with a `maxlength`, without a word.
    expect(await page.locator('[maxlength]').count()).toBe(0);
    dan.expectNoFaults();
  });
});
