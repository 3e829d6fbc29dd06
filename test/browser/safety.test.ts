import { expect } from 'vitest';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('on the page', () => {
  it('a blocked user sees that the chat is closed, their group messages are hidden, and unblocking restores everything', async ({
    open,
    server,
    bob,
  }) => {
    const { conversation: group } = await bob.ok('createGroup', {
      name: 'Trio',
      participants: ['alice', 'carol'],
    });
    const direct = await bob.open('alice');
    await bob.send(direct, 'hello');
    // A block is visible only to users who have exchanged messages.
    const answering = await server.connectAs('alice');
    await answering.send(direct, 'hello yourself');
    await bob.send(group._id, 'in the group');
    const alice = await open(server, { as: 'alice' });
    await alice.openChat('Trio');
    await alice.messages('in the group').waitFor();
    await alice.onChat('Bob Tanaka', 'Block');
    await alice.confirm('Block');
    await alice.messages('in the group').waitFor({ state: 'detached' });
    await alice.openChat('Bob Tanaka');
    await alice.page.getByText('You have blocked this person.').waitFor();
    await alice.messages('hello yourself').waitFor();
    expect(await alice.composer.isVisible()).toBe(false);
    expect(
      await bob.call('sendMessage', { conversationId: direct, content: 'x', clientMessageId: 'b-1' }),
    ).toMatchObject({
      code: 'BLOCKED',
    });

    await alice.page.getByRole('button', { name: 'Privacy' }).click();
    const dialog = alice.page.getByRole('dialog', { name: 'Privacy' });
    await dialog.getByText('Bob Tanaka').waitFor();
    await dialog.getByLabel('Others see what you have read').uncheck();
    await alice.page.getByText('Saved').waitFor();
    await dialog.getByRole('button', { name: 'Unblock' }).click();
    await dialog.getByText('Bob Tanaka').waitFor({ state: 'detached' });
    await alice.page.keyboard.press('Escape');
    await alice.write('hello again');
    await bob.next('message:new', ({ content }) => content === 'hello again');
    await alice.openChat('Trio');
    await alice.messages('in the group').waitFor();
    const reader = await server.connectAs('alice');
    expect((await reader.ok('getPrivacy', {})).privacy.readReceipts).toBe(false);
    expect(alice.complaints).toEqual([]);
  });

  it('a message is reported with a reason, and an unmatched chat disappears for both', async ({
    open,
    server,
  }) => {
    const dan = await server.connectAs('dan');
    const id = await dan.open('eva');
    await dan.send(id, 'buy my coins');
    const eva = await open(server, { as: 'eva' });
    const danWindow = await open(server, { as: 'dan' });
    await danWindow.openChat('Eva Novak');
    await eva.openChat('Dan Lindqvist');
    await eva.onMessage('buy my coins', 'Report');
    const dialog = eva.page.getByRole('dialog');
    await dialog.getByLabel('A scam').check();
    await dialog.getByLabel('Anything the moderators should know').fill('He asks everybody.');
    await dialog.getByRole('button', { name: 'Report', exact: true }).click();
    await eva.page.getByText('Thank you.').waitFor();
    const moderator = await server.connectAs('mia', { token: server.token('mia', { roles: ['moderator'] }) });
    const { reports } = await moderator.ok('getReports', {});
    expect(reports).toMatchObject([{ userId: 'dan', reason: 'scam', comment: 'He asks everybody.' }]);

    await eva.page.getByRole('button', { name: 'More', exact: true }).click();
    await eva.page.getByRole('menuitem', { name: 'Unmatch' }).click();
    await eva.confirm('Unmatch');
    for (const window of [eva, danWindow]) {
      await window.page.getByRole('heading', { name: 'Pick a conversation' }).waitFor();
      expect(await window.page.locator('.conversation').count()).toBe(0);
    }
    expect([...eva.complaints, ...danWindow.complaints]).toEqual([]);
  });
});
