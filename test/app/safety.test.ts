import { expect } from 'vitest';
import { PATIENT } from './support/appWindow.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('safety in the app', () => {
  it('a block closes the chat and hides what the user says in groups; unblocking in the settings restores it', async ({
    server,
    bob,
    openApp,
  }) => {
    const { conversation: group } = await bob.ok('createGroup', {
      name: 'Trio',
      participants: ['alice', 'carol'],
    });
    const direct = await bob.open('alice');
    await bob.send(direct, 'hello');
    // A block is visible only to users who have exchanged messages.
    const phone = await server.connectAs('alice');
    await phone.send(direct, 'hello yourself');
    await bob.send(group._id, 'in the group');
    const alice = await openApp(server, { as: 'alice' });
    const { page } = alice;
    await alice.openChat('Bob Tanaka');
    await page.getByTestId('chat-title').click();
    await page.getByRole('button', { name: 'Block', exact: true }).click();
    await alice.confirm('Block');
    await page.getByText('You have blocked this person.').waitFor();
    await alice.messages('hello yourself').waitFor();
    expect(await alice.composer.count()).toBe(0);
    expect(await bob.send(direct, 'x')).toMatchObject({ code: 'BLOCKED' });
    await alice.openChat('Trio');
    await bob.send(group._id, 'also not seen');
    await alice.write('is anyone here?');
    await alice.hasTick('is anyone here?', 'sent');
    for (const text of ['in the group', 'also not seen'])
      expect(await alice.messages(text).count(), text).toBe(0);
    expect(await alice.chat('Trio').getByTestId('preview').textContent()).not.toContain('seen');

    await page.getByRole('button', { name: 'Settings' }).click();
    const settings = page.getByRole('dialog', { name: 'Settings' });
    await settings.getByRole('switch', { name: 'Others see what I have read' }).click();
    await settings.getByText('Bob Tanaka').waitFor();
    await settings.getByRole('button', { name: 'Unblock' }).click();
    await settings.getByText('Bob Tanaka').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await settings.waitFor({ state: 'detached' });
    await alice.messages('in the group').waitFor();
    await alice.messages('also not seen').waitFor();
    await alice.openChat('Bob Tanaka');
    await alice.write('hello again');
    await bob.next('message:new', ({ content }) => content === 'hello again');
    expect((await phone.ok('getPrivacy', {})).privacy.readReceipts).toBe(false);
    alice.expectNoFaults();
  });

  it('a block before the first message closes the chat on each device of the blocker', async ({
    server,
    openApp,
  }) => {
    const eva = await openApp(server, { as: 'eva' });
    await eva.startChat('Carol Osei');
    const tablet = await openApp(server, { as: 'eva' });
    await tablet.startChat('Carol Osei');
    await eva.page.getByTestId('chat-title').click();
    await eva.page.getByRole('button', { name: 'Block', exact: true }).click();
    await eva.confirm('Block');
    for (const { page } of [eva, tablet]) {
      await page.getByText('Pick a conversation').waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    for (const window of [eva, tablet]) window.expectNoFaults();
  });

  it('a message is reported with a reason, and an unmatched chat disappears for both', async ({
    server,
    openApp,
  }) => {
    const dan = await openApp(server, { as: 'dan' });
    await dan.startChat('Eva Novak');
    await dan.write('buy my coins');
    const eva = await openApp(server, { as: 'eva' });
    await eva.openChat('Dan Lindqvist');
    await eva.onMessage('buy my coins', 'Report');
    await eva.page.getByRole('radio', { name: 'Scam or fraud' }).click();
    await eva.page.getByLabel('What happened?').fill('He asks everybody.');
    await eva.confirm('Report');
    await eva.page.getByText('Reported. Thank you.').waitFor();
    const moderator = await server.connectAs('mia', { token: server.token('mia', { roles: ['moderator'] }) });
    const { reports } = await moderator.ok('getReports', {});
    expect(reports).toMatchObject([{ userId: 'dan', reason: 'scam', comment: 'He asks everybody.' }]);

    await eva.page.getByTestId('chat-title').click();
    await eva.page.getByRole('button', { name: 'Unmatch' }).click();
    await eva.confirm('Unmatch');
    for (const window of [eva, dan]) {
      await window.page.getByText('Pick a conversation').waitFor();
      await window.page.getByTestId('conversation').waitFor({ state: 'detached' });
      window.expectNoFaults();
    }
  });

  it('settings that could not be loaded are loaded by the next connection, or when the user tries again', async ({
    server,
    openApp,
  }) => {
    const farid = await openApp(server, { as: 'farid' });
    const { page } = farid;
    const settings = page.getByRole('dialog', { name: 'Settings' });
    const receipts = settings.getByRole('switch', { name: 'Others see what I have read' });
    const open = () => page.getByRole('button', { name: 'Settings' }).click();
    await open();
    await receipts.waitFor();
    await settings.getByText('You have blocked nobody.').waitFor();
    await page.keyboard.press('Escape');
    await settings.waitFor({ state: 'detached' });

    await page.context().setOffline(true);
    await page.getByTestId('offline-banner').waitFor();
    await open();
    // Privacy, notifications and blocked people.
    const again = settings.getByRole('button', { name: 'Try again' });
    await expect.poll(() => again.count(), PATIENT).toBe(3);
    await again.first().click();
    await expect.poll(() => again.count(), PATIENT).toBe(3);
    expect(await receipts.count()).toBe(0);
    await page.context().setOffline(false);
    await receipts.waitFor();
    await settings.getByText('You have blocked nobody.').waitFor();
    expect(await again.count()).toBe(0);
    farid.expectNoFaults();
  });
});
