import { expect } from 'vitest';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('text that is too long', () => {
  it('is not cut when it is pasted: the page shows by how much it is too long, and sends it once it fits', async ({
    open,
    server,
    bob,
  }) => {
    const alice = await open(server, { as: 'alice' });
    await alice.startChat('Bob Tanaka');
    const send = alice.page.getByRole('button', { name: 'Send', exact: true });
    await alice.composer.focus();
    await alice.page.keyboard.insertText('b'.repeat(8_008));
    await alice.page.getByText('8,008 characters are 8 too many: at most 8,000 can be sent.').waitFor();
    expect(await alice.composer.inputValue()).toHaveLength(8_008);
    expect(await send.isDisabled()).toBe(true);
    await alice.composer.press('Enter');
    expect(await alice.messages().count()).toBe(0);

    for (let index = 0; index < 8; index += 1) await alice.composer.press('Backspace');
    await alice.page.getByText('too many').waitFor({ state: 'hidden' });
    await alice.composer.press('Enter');
    const { content } = await bob.next('message:new');
    expect(content).toBe('b'.repeat(8_000));
    expect(alice.complaints).toEqual([]);
  });

  it('is counted as the server counts it: an emoji is one character', async ({ open, server }) => {
    const carol = await open(server, { as: 'carol' });
    await carol.startChat('Bob Tanaka');
    await carol.composer.fill('👍'.repeat(8_000));
    expect(await carol.page.locator('.composer-note').isVisible()).toBe(false);
    await carol.composer.fill('👍'.repeat(8_001));
    await carol.page.getByText('8,001 characters are 1 too many').waitFor();
  });

  it('is shown in every other field, too', async ({ open, server }) => {
    const dan = await open(server, { as: 'dan' });
    await dan.banner.waitFor({ state: 'hidden' });
    await dan.page.getByRole('button', { name: 'New', exact: true }).click();
    await dan.page.getByRole('menuitem', { name: 'New group' }).click();
    const dialog = dan.page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).focus();
    await dan.page.keyboard.insertText('n'.repeat(103));
    await dialog.getByText('103 characters are 3 too many: at most 100 can be sent.').waitFor();
    await dialog.getByRole('button', { name: 'Create' }).click();
    expect(await dialog.isVisible()).toBe(true);
    await dan.page.keyboard.press('Escape');
    await dan.page.getByLabel('Search chats and messages').fill('w'.repeat(201));
    await dan.page.getByText('201 characters are 1 too many').waitFor();
    expect(await dan.page.locator('[maxlength]').count()).toBe(0);
    expect(dan.complaints).toEqual([]);
  });
});
