import { describe, expect } from 'vitest';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { seriousFindings } from './support/axe.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('accessibility of the app', () => {
  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    it('axe-core finds nothing serious on sign-in, list, chat, menu, settings and profile', async ({
      server,
      openApp,
    }) => {
      const nobody = await openApp(server, { colorScheme });
      await nobody.page.getByRole('button', { name: /Alice Moreau/ }).waitFor();
      expect(await seriousFindings(nobody)).toEqual([]);
      const alice = await openApp(server, { as: 'alice', colorScheme });
      const bob = await openApp(server, { as: 'bob', colorScheme });
      await alice.startChat('Bob Tanaka');
      await alice.write(`hello ${colorScheme} https://example.com/`);
      await bob.openChat('Alice Moreau');
      await bob.write(`answer ${colorScheme}`);
      await alice.onMessage(`answer ${colorScheme}`, 'Reply');
      await alice.write(`reply ${colorScheme}`);
      await alice.hasTick(`reply ${colorScheme}`, 'read');
      expect(await seriousFindings(alice)).toEqual([]);
      await alice.messages(`reply ${colorScheme}`).getByTestId('bubble').click({ button: 'right' });
      await alice.page.getByRole('menuitem', { name: 'Reply' }).waitFor();
      expect(await seriousFindings(alice)).toEqual([]);
      await alice.page.keyboard.press('Escape');
      await alice.page.getByRole('button', { name: 'Settings' }).click();
      await alice.page.getByRole('switch', { name: 'Others see me type' }).waitFor();
      expect(await seriousFindings(alice)).toEqual([]);
      await alice.page.keyboard.press('Escape');
      await alice.page.getByTestId('chat-title').click();
      await alice.page.getByRole('heading', { name: 'About' }).waitFor();
      expect(await seriousFindings(alice)).toEqual([]);
      alice.expectNoFaults();
    });
  });

  it('keys alone: to a chat, through its messages, to the actions of one, and back', async ({
    server,
    openApp,
  }) => {
    const alice = await openApp(server, { as: 'alice' });
    await alice.startChat('Carol Osei');
    await alice.write('first by keys');
    await alice.write('second by keys');
    await alice.hasTick('second by keys', 'sent');
    const { keyboard } = alice.page;
    await alice.page.getByRole('log').focus();
    await keyboard.press('ArrowUp');
    await expect.poll(() => focusedLabel(alice), PATIENT).toContain('second by keys');
    await keyboard.press('ArrowUp');
    await expect.poll(() => focusedLabel(alice), PATIENT).toContain('first by keys');
    await keyboard.press('Enter');
    await alice.page.getByRole('menuitem', { name: 'Edit' }).focus();
    await keyboard.press('ArrowUp');
    await keyboard.press('ArrowUp');
    await keyboard.press('Enter');
    await alice.page.getByText('Reply to').waitFor();
    await expect
      .poll(() => alice.page.evaluate<boolean>(`document.activeElement?.tagName === 'TEXTAREA'`), PATIENT)
      .toBe(true);
    await keyboard.press('Escape');
    await alice.page.getByText('Reply to').waitFor({ state: 'detached' });
    await alice.page.getByPlaceholder('Search chats and messages').fill('keys');
    await keyboard.press('Escape');
    expect(await alice.page.getByPlaceholder('Search chats and messages').inputValue()).toBe('');
    await alice.composer.focus();
    await keyboard.press('Escape');
    await alice.page.getByText('Pick a conversation').waitFor();
    alice.expectNoFaults();
  });

  it('Arabic runs from right to left, and settings say so', async ({ server, openApp }) => {
    const alice = await openApp(server, { as: 'alice', locale: 'ar' });
    await alice.page.getByRole('heading', { name: 'المحادثات' }).waitFor();
    expect(await alice.page.locator('html').getAttribute('dir')).toBe('rtl');
    const list = await alice.page.getByRole('navigation').boundingBox();
    const main = await alice.page.getByRole('main').boundingBox();
    expect(list?.x).toBeGreaterThan(main?.x ?? Infinity);
    await alice.page.getByRole('button', { name: 'الإعدادات' }).click();
    await alice.page.getByRole('radio', { name: 'Deutsch' }).click();
    await alice.page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
    expect(await alice.page.locator('html').getAttribute('dir')).toBe('ltr');
    await alice.page.getByRole('radio', { name: 'Dunkel' }).click();
    expect(await alice.page.locator('html').getAttribute('data-theme')).toBe('dark');
    expect(await seriousFindings(alice)).toEqual([]);
    // The choice is kept, and shown before the app is loaded.
    await alice.page.route('**/assets/*.js', (route) => route.abort());
    await alice.page.reload();
    expect(await alice.page.locator('html').getAttribute('data-theme')).toBe('dark');
    alice.expectNoFaults();
  });
});

const focusedLabel = ({ page }: AppWindow): Promise<string> =>
  page.evaluate<string>(`document.activeElement?.getAttribute('aria-label') ?? ''`);
