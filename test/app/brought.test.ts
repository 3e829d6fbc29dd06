import { expect } from 'vitest';
import { PATIENT } from './support/appWindow.js';
import { bringAll, photoNamed, type Brought, type ChosenFile } from './support/files.js';
import { describeInBrowser, it as base } from './support/windows.js';

/** Opens Alice's window on a group of its own. */
const it = base.extend('openGroup', ({ openApp, server, bob }) => async (name: string) => {
  await bob.ok('createGroup', { name, participants: ['alice'] });
  const alice = await openApp(server, { as: 'alice' });
  await alice.openChat(name);
  const tray = alice.page.getByRole('group', { name: 'Files to send' });
  return { alice, tray };
});

const TABLE = { 'text/plain': 'a\tb\n1\t2', 'text/html': '<table><tr><td>a</td><td>b</td></tr></table>' };

describeInBrowser('what is pasted', () => {
  it('from a spreadsheet is its text; from a file manager or a browser, the file', async ({ openGroup }) => {
    const { alice, tray } = await openGroup('Pasted texts');
    const files = [await photoNamed('image.png')];
    const paste = (texts: Brought['texts'] = {}) => bringAll(alice, { by: 'paste', files, texts });
    expect(await paste(TABLE)).toBe(false);
    expect(await paste({ 'text/plain': 'only a text' })).toBe(false);
    expect(await tray.count()).toBe(0);
    const taken = [
      {},
      { 'text/html': '<img src="https://example.com/image.png">' },
      { 'text/plain': 'image.png' },
      { 'text/plain': '/home/alice/image.png' },
      { 'text/plain': 'https://example.com/1', 'text/uri-list': 'https://example.com/1' },
    ];
    for (const texts of taken) expect(await paste(texts)).toBe(true);
    await expect
      .poll(() => tray.getByRole('button', { name: /^Remove / }).count(), PATIENT)
      .toBe(taken.length);
    alice.expectNoFaults();
  });
});

describeInBrowser('files that are dropped', () => {
  const notes: ChosenFile = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') };

  it('do not replace the app where no chat takes them', async ({ server, bob, openApp }) => {
    const entrance = await openApp(server);
    await entrance.page.getByRole('heading').first().waitFor();
    expect(await bringAll(entrance, { by: 'drop', files: [notes], onto: 'body' })).toBe(true);
    await bob.open('dan');
    const dan = await openApp(server, { as: 'dan' });
    await dan.page.getByText('Pick a conversation').waitFor();
    for (const by of ['dragover', 'drop'] as const)
      expect(await bringAll(dan, { by, files: [notes], onto: 'body' })).toBe(true);
    // The browser still moves a text that is dragged.
    const texts = { 'text/plain': 'a text' };
    expect(await bringAll(dan, { by: 'dragover', files: [], onto: 'body', texts })).toBe(false);
    await dan.startChat('Bob Tanaka');
    expect(await bringAll(dan, { by: 'dragover', files: [], texts })).toBe(false);
    expect(await bringAll(dan, { by: 'dragover', files: [notes] })).toBe(true);
    // An empty chat would leave the list.
    await dan.write('hello');
    await dan.hasTick('hello', 'sent');
    await dan.page.getByTestId('chat-title').click();
    await dan.page.getByRole('button', { name: 'Block', exact: true }).click();
    await dan.confirm('Block');
    await dan.page.getByText('You have blocked this person.').waitFor();
    expect(await bringAll(dan, { by: 'drop', files: [notes], onto: 'body' })).toBe(true);
    dan.expectNoFaults();
  });

  it('onto a dialog do not come into the chat behind it', async ({ openGroup }) => {
    const { alice, tray } = await openGroup('Behind');
    const { page } = alice;
    await page.getByRole('button', { name: 'Search in this chat' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    for (const by of ['drop', 'paste'] as const)
      expect(await bringAll(alice, { by, files: [notes], onto: '[aria-modal] input' })).toBe(true);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await tray.count()).toBe(0);
    await bringAll(alice, { by: 'drop', files: [notes] });
    await tray.getByText('notes.txt').waitFor();
    expect(await tray.getByRole('button', { name: /^Remove / }).count()).toBe(1);
    alice.expectNoFaults();
  });
});
