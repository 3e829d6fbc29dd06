import { expect } from 'vitest';
import { until } from '../support/until.js';
import { PATIENT } from './support/appWindow.js';
import { bring, drawnPictures, photoNamed } from './support/files.js';
import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('moderation in the app', () => {
  it('a moderator sees a reported picture among its messages and deletes it for both', async ({
    server,
    openApp,
  }) => {
    const alice = await openApp(server, { as: 'alice' });
    const bob = await openApp(server, { as: 'bob' });
    await bob.startChat('Alice Moreau');
    await bob.write('hello');
    await bring(bob, 'paste', await photoNamed('rude.jpg'));
    await bob.page.getByRole('group', { name: 'Files to send' }).waitFor();
    await bob.write('look at me');
    await alice.openChat('Bob Tanaka');
    await expect.poll(() => drawnPictures(alice), PATIENT).toBe(1);
    await alice.onMessage('look at me', 'Report');
    await alice.page.getByRole('radio', { name: 'Nudity' }).click();
    await alice.page.getByLabel('What happened?').fill('I did not ask for this');
    await alice.confirm('Report');
    await alice.page.getByText('Reported. Thank you.').waitFor();

    const mara = await openApp(server, { as: 'mara' });
    await mara.page.getByRole('button', { name: 'Moderation' }).click();
    const report = mara.page.getByRole('article', { name: /Report about .*Bob Tanaka/ });
    await report.getByText('I did not ask for this').waitFor();
    await report.getByText('hello').waitFor();
    const picture = report.getByRole('button', { name: /Open the picture: .*rude\.jpg/ });
    const isDrawn = (image: { naturalWidth?: number }): boolean => (image.naturalWidth ?? 0) > 1;
    await until(() => picture.locator('img:not([src^="data:"])').evaluate(isDrawn), { what: 'the picture' });
    await picture.click();
    await mara.page
      .getByRole('dialog', { name: /Picture/ })
      .getByRole('img', { name: /rude/ })
      .waitFor();
    await mara.page.keyboard.press('Escape');
    await report.getByLabel('Note for other moderators').fill('first time');
    await report.getByRole('button', { name: 'Delete message' }).click();
    await mara.confirm('Delete message');
    await report.waitFor({ state: 'detached' });
    await mara.page.getByRole('radio', { name: 'Decided' }).click();
    await report.getByText(/Delete message.*first time/).waitFor();

    for (const window of [alice, bob]) {
      await window.page.getByTestId('bubble').getByText('This message was deleted').waitFor();
      await expect.poll(() => drawnPictures(window), PATIENT).toBe(0);
    }
    for (const window of [alice, bob, mara]) window.expectNoFaults();
  });

  it('reports about users, and the audit log, name people and acts', async ({ server, openApp }) => {
    const farid = await server.connectAs('farid');
    await farid.ok('report', { userId: 'eva', reason: 'scam' });
    const mara = await openApp(server, { as: 'mara' });
    const { page } = mara;
    await page.getByRole('button', { name: 'Moderation' }).click();
    const report = page.getByRole('article', { name: /Report about .*Eva Novak/ });
    await report.getByText(/Reported by .*Farid Haddad/).waitFor();
    await report.getByRole('button', { name: 'Restrict' }).click();
    await mara.confirm('Restrict');
    await report.waitFor({ state: 'detached' });
    const moderator = await server.connectAs('mara', {
      token: server.token('mara', { roles: ['moderator'] }),
    });
    await moderator.ok('restrictUser', { userId: 'eva', restricted: false });
    await page.getByRole('radio', { name: 'Audit log' }).click();
    await page.getByText('User restricted after a report').waitFor();
    await page.getByText('Restriction lifted').waitFor();
    await page.getByText('Eva Novak').waitFor();
    await page
      .getByText(/ · .*Mara .* · Done$/)
      .first()
      .waitFor();
    mara.expectNoFaults();
  });

  it('others have no queue of reports', async ({ server, openApp }) => {
    const carol = await openApp(server, { as: 'carol' });
    await carol.page.getByRole('button', { name: 'Settings' }).waitFor();
    expect(await carol.page.getByRole('button', { name: 'Moderation' }).count()).toBe(0);
    carol.expectNoFaults();
  });
});
