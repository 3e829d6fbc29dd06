import { expect } from 'vitest';
import { until } from '../support/until.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('a person’s own list', () => {
  it('is the same on two devices: pinned, muted, marked, archived, cleared, deleted', async ({
    open,
    server,
    bob,
  }) => {
    const carol = await server.connectAs('carol');
    const [fromBob, fromCarol] = [await bob.open('alice'), await carol.open('alice')];
    await bob.send(fromBob, 'from Bob');
    await carol.send(fromCarol, 'from Carol');
    const phone = await open(server, { as: 'alice' });
    const desk = await open(server, { as: 'alice' });
    const first = desk.page.locator('.conversation-name').first();
    await desk.chat('Carol Osei').waitFor();

    await phone.onChat('Bob Tanaka', 'Pin to the top');
    await first.getByText('Bob Tanaka').waitFor();
    await phone.onChat('Bob Tanaka', 'Mute…');
    await phone.confirm('Always');
    await desk.chat('Bob Tanaka').locator('.badge.quiet', { hasText: '1' }).waitFor();
    await until(async () => (await desk.page.title()) === '(1) Parley', {
      what: 'the title without the muted',
    });
    await phone.onChat('Carol Osei', 'Mark as read');
    await desk.chat('Carol Osei').locator('.badge').waitFor({ state: 'hidden' });
    await phone.onChat('Carol Osei', 'Mark as unread');
    await desk.chat('Carol Osei').locator('.badge.dot').waitFor();
    await desk.page.getByRole('button', { name: /^Unread/ }).click();
    await desk.chat('Carol Osei').waitFor();
    await desk.openChat('Carol Osei');
    await phone.chat('Carol Osei').locator('.badge').waitFor({ state: 'hidden' });
    await desk.page.getByRole('button', { name: 'All', exact: true }).click();

    await phone.onChat('Carol Osei', 'Archive');
    await desk.chat('Carol Osei').waitFor({ state: 'detached' });
    await desk.page.getByRole('button', { name: 'Archived' }).click();
    await desk.chat('Carol Osei').waitFor();
    await carol.send(fromCarol, 'again');
    await desk.chat('Carol Osei').waitFor({ state: 'detached' });
    await desk.page.getByRole('button', { name: 'All', exact: true }).click();
    await desk.chat('Carol Osei').getByText('again').waitFor();

    await phone.onChat('Carol Osei', 'Clear history');
    await phone.confirm('Clear');
    await desk.page.locator('.messages .text').first().waitFor({ state: 'detached' });
    await phone.onChat('Bob Tanaka', 'Delete chat');
    await phone.confirm('Delete');
    await desk.chat('Bob Tanaka').waitFor({ state: 'detached' });
    await bob.send(fromBob, 'back');
    await desk.openChat('Bob Tanaka');
    await desk.messages('back').waitFor();
    expect(await desk.texts()).toEqual(['back']);
    expect([...phone.complaints, ...desk.complaints]).toEqual([]);
  });

  it('with many conversations can be filtered beyond what is loaded', async ({ open, server }) => {
    const dan = await server.connectAs('dan');
    const { conversation } = await dan.ok('createGroup', { name: 'Old group', participants: ['farid'] });
    await dan.send(conversation._id, 'hello');
    await dan.ok('createGroup', { name: 'Kept away', participants: ['farid'] });
    const farid = await server.connectAs('farid');
    const { conversations } = await farid.ok('getConversations', {});
    const away = conversations.find(({ name }) => name === 'Kept away');
    await farid.ok('updateSettings', { conversationId: away?._id, archived: true });
    const window = await open(server, { as: 'farid' });
    await window.chat('Old group').waitFor();
    expect(await window.chat('Kept away').count()).toBe(0);
    await window.page.getByRole('button', { name: 'Archived' }).click();
    await window.chat('Kept away').waitFor();
    expect(await window.chat('Old group').count()).toBe(0);
  });
});
