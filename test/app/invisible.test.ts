import { expect } from 'vitest';
import { PATIENT } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

/** A zero-width space, direction marks, and a filler that is a letter. */
const INVISIBLE = ['\u200B', '\u2066\u2069', ' \u3164\n'];

describeInBrowser('text of which nothing is visible', () => {
  it('is no message, no edit, no caption and no name', async ({ server, bob, openApp }) => {
    await bob.ok('createGroup', { name: 'Invisible', participants: ['alice'] });
    const alice = await openApp(server, { as: 'alice' });
    const { page, composer } = alice;
    await alice.openChat('Invisible');
    const send = page.getByRole('button', { name: 'Send', exact: true });
    for (const text of INVISIBLE) {
      await composer.fill(text);
      // A microphone stands in its place while nothing can be sent.
      expect(await send.count()).toBe(0);
      await composer.press('Enter');
    }
    expect(await alice.messages().count()).toBe(0);
    await alice.write('visible');
    await alice.hasTick('visible', 'sent');
    await alice.onMessage('visible', 'Edit');
    await expect.poll(() => composer.inputValue(), PATIENT).toBe('visible');
    await composer.fill('\u200B');
    expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await composer.press('Escape');

    await page.getByRole('button', { name: 'Attach' }).click();
    await page.getByRole('menuitem', { name: 'Web address' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address', { exact: true }).fill(`${server.url}/favicon.svg`);
    await dialog.getByLabel('Name').fill('\u200B');
    await dialog.getByLabel('Text beside it').fill('\u2066\u2069');
    await dialog.getByRole('button', { name: 'Send', exact: true }).click();
    const sent = await bob.next('message:new', ({ kind }) => kind === 'image');
    expect(sent).toMatchObject({ content: '', attachments: [{ kind: 'image' }] });
    expect(sent.attachments?.[0]).not.toHaveProperty('name');

    await page.getByRole('button', { name: 'New', exact: true }).click();
    await page.getByRole('menuitem', { name: 'New group' }).click();
    await dialog.getByLabel('Name', { exact: true }).fill('\u200B');
    expect(await dialog.getByRole('button', { name: 'Create' }).isDisabled()).toBe(true);
    alice.expectNoFaults();
  });

  it('and text that is not well-formed: is sent without the half of a character', async ({
    server,
    bob,
    openApp,
  }) => {
    await bob.ok('createGroup', { name: 'Half', participants: ['alice'] });
    const alice = await openApp(server, { as: 'alice' });
    await alice.openChat('Half');
    // As a program leaves it that cuts a text in the midst of an emoji.
    await alice.page.evaluate(`(() => {
      const field = document.querySelector('textarea');
      Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(field, 'cut \\uD83D');
      field.dispatchEvent(new Event('input', { bubbles: true }));
    })()`);
    await alice.composer.press('Enter');
    await bob.next('message:new', ({ content }) => content === 'cut \uFFFD');
    alice.expectNoFaults();
  });
});
