import { expect } from 'vitest';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { bringAll, choose, type ChosenFile } from './support/files.js';
import { describeInBrowser, it } from './support/windows.js';

const LIMIT = /^At most .?10.? files fit into a message\.$/;

const notes = (count: number, from = 1): ChosenFile[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `note-${from + index}.txt`,
    mimeType: 'text/plain',
    buffer: Buffer.from(`note ${from + index}`),
  }));

const trayOf = ({ page }: AppWindow) => page.getByRole('group', { name: 'Files to send' });
const countOf = (window: AppWindow) =>
  trayOf(window)
    .getByRole('button', { name: /^Remove / })
    .count();

async function saysLimit({ page }: AppWindow): Promise<void> {
  await page.getByRole('status').getByText(LIMIT).waitFor();
  await page.getByRole('status').getByText(LIMIT).waitFor({ state: 'detached' });
}

describeInBrowser('more files than a message takes', () => {
  it('are refused with a notice, however they are added; the first ones are sent', async ({
    server,
    bob,
    openApp,
  }) => {
    await bob.ok('createGroup', { name: 'Many files', participants: ['alice'] });
    const alice = await openApp(server, { as: 'alice' });
    await alice.openChat('Many files');
    await choose(alice, ...notes(12));
    await saysLimit(alice);
    await expect.poll(() => countOf(alice), PATIENT).toBe(10);
    expect(await trayOf(alice).getByText('note-11.txt').count()).toBe(0);
    for (const by of ['paste', 'drop'] as const) {
      await bringAll(alice, { by, files: notes(1, 20) });
      await saysLimit(alice);
    }
    await alice.page.getByRole('button', { name: /^Remove .*note-3\.txt/ }).click();
    await bringAll(alice, { by: 'drop', files: notes(2, 30) });
    await saysLimit(alice);
    await trayOf(alice).getByText('note-30.txt').waitFor();
    expect(await countOf(alice)).toBe(10);
    await alice.write('all of them');
    const { attachments } = await bob.next('message:new', ({ content }) => content === 'all of them');
    expect(attachments).toHaveLength(10);
    alice.expectNoFaults();
  });

  it('in a message that was refused, can be removed from it', async ({ server, bob, openApp }) => {
    await bob.ok('createGroup', { name: 'Refused files', participants: ['eva'] });
    const eva = await openApp(server, { as: 'eva' });
    await eva.openChat('Refused files');
    const fake = { name: 'fake.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };
    await choose(eva, ...notes(2), fake);
    await eva.write('refused');
    await eva.hasTick('refused', 'failed');
    const remove = eva.messages('refused').getByRole('button', { name: /^Remove / });
    await expect.poll(() => remove.count(), PATIENT).toBe(3);
    await remove.first().click();
    await remove.last().click();
    await expect.poll(() => remove.count(), PATIENT).toBe(1);
    await eva.onMessage('refused', 'Send again');
    const { attachments } = await bob.next('message:new', ({ content }) => content === 'refused');
    expect(attachments?.map(({ name }) => name)).toEqual(['note-2.txt']);
    eva.expectNoFaults();
  });
});
