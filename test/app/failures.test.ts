import { expect } from 'vitest';
import { PATIENT, type AppWindow } from './support/appWindow.js';
import { Wire } from './support/wire.js';
import { describeInBrowser, it } from './support/windows.js';

/** Name of the layer that the notice is in, and whether something covers it. */
const placeOfNotice = ({ page }: AppWindow): Promise<unknown> =>
  page.evaluate(`(() => {
    const notice = [...document.querySelectorAll('[role=status]')].flatMap((region) => [...region.children]).at(-1);
    // Presses go through notices, and so does the question for the upper element.
    notice.style.setProperty('pointer-events', 'auto', 'important');
    const { x, y, width, height } = notice.getBoundingClientRect();
    const isCovered = !notice.contains(document.elementFromPoint(x + width / 2, y + 2));
    notice.style.removeProperty('pointer-events');
    return { layer: notice.closest('[aria-modal]')?.getAttribute('aria-label') ?? '', isCovered };
  })()`);

describeInBrowser('what goes wrong in the app', () => {
  it('a refused message says why, blocks nothing behind it, and is sent once by a tap', async ({
    server,
    openApp,
  }) => {
    const wire = new Wire();
    const alice = await openApp(server, { as: 'alice', prepare: (page) => wire.attach(page) });
    const bob = await openApp(server, { as: 'bob' });
    await alice.startChat('Bob Tanaka');
    wire.refuse = (event) =>
      event === 'sendMessage' ? { success: false, code: 'BLOCKED', error: 'refused by the test' } : undefined;
    await alice.write('refused');
    await alice.hasTick('refused', 'failed');
    await alice.messages('refused').getByText('This person cannot be written to.').waitFor();
    wire.refuse = () => undefined;
    await alice.write('behind it');
    await alice.hasTick('behind it', 'sent');
    await bob.openChat('Alice Moreau');
    await bob.messages('behind it').waitFor();
    expect(await bob.messages('refused').count()).toBe(0);
    await alice
      .messages('refused')
      .getByRole('button', { name: /Send again/ })
      .click();
    await alice.page.getByRole('menuitem', { name: 'Send again' }).click();
    await bob.messages('refused').waitFor();
    await alice.hasTick('refused', 'read');
    expect(await bob.messages('refused').count()).toBe(1);
    alice.expectNoFaults();
  });

  it('an answer that is lost repeats nothing, also after a reload', async ({ server, openApp }) => {
    const wire = new Wire();
    const carol = await openApp(server, { as: 'carol', prepare: (page) => wire.attach(page) });
    const dan = await openApp(server, { as: 'dan' });
    await carol.startChat('Dan Lindqvist');
    wire.judge = (event) => (event === 'sendMessage' ? 'cut' : 'pass');
    await carol.write('once');
    await dan.openChat('Carol Osei');
    await dan.messages('once').waitFor();
    wire.judge = () => 'pass';
    await carol.page.reload();
    await carol.hasTick('once', 'read');
    expect([await carol.messages('once').count(), await dan.messages('once').count()]).toEqual([1, 1]);
    carol.expectNoFaults();
  });

  it('a user who was removed from a group is shown out of it', async ({ server, openApp }) => {
    const eva = await openApp(server, { as: 'eva' });
    const farid = await server.connectAs('farid');
    const { conversation } = await farid.ok('createGroup', { name: 'Short', participants: ['eva'] });
    await eva.openChat('Short');
    await farid.ok('removeMember', { conversationId: conversation._id, userId: 'eva' });
    await eva.page.getByText(/You were removed from .*Short/).waitFor();
    await eva.page.getByText('Pick a conversation').waitFor();
    eva.expectNoFaults();
  });

  it('layers about a chat close when the user loses it; a report stays', async ({ server, openApp }) => {
    const [dan, farid] = await Promise.all([server.connectAs('dan'), openApp(server, { as: 'farid' })]);
    const { page } = farid;
    const menu = async (item: string): Promise<void> => {
      await page.getByRole('button', { name: 'Actions for this chat' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    const opened: Record<string, () => Promise<void>> = {
      information: () => page.getByTestId('chat-title').click(),
      question: () => menu('Clear history'),
      menu: () => page.getByRole('button', { name: 'Actions for this chat' }).click(),
      row: () => farid.chat('row').click({ button: 'right' }),
    };
    for (const [name, open] of Object.entries(opened)) {
      const { conversation } = await dan.ok('createGroup', { name, participants: ['farid'] });
      await farid.openChat(name);
      await open();
      await page.locator('[aria-modal]').waitFor();
      await dan.ok('removeMember', { conversationId: conversation._id, userId: 'farid' });
      await page
        .getByRole('status')
        .getByText(new RegExp(`removed from .*${name}`))
        .waitFor();
      await page.locator('[aria-modal]').waitFor({ state: 'detached' });
      await page.getByText('Pick a conversation').waitFor();
      expect(await placeOfNotice(farid), name).toEqual({ layer: '', isCovered: false });
    }
    for (const isReport of [false, true]) {
      const conversationId = await dan.open('farid');
      await dan.send(conversationId, 'hello');
      await farid.openChat('Dan Lindqvist');
      await page.getByTestId('chat-title').click();
      const profile = page.getByRole('dialog', { name: 'About' });
      await profile.waitFor();
      if (isReport) await profile.getByRole('button', { name: 'Report' }).click();
      await dan.ok('unmatch', { conversationId });
      await page.getByText('Pick a conversation').waitFor();
      await profile.waitFor({ state: 'detached' });
      expect(await page.getByRole('dialog', { name: /^Report/ }).count()).toBe(isReport ? 1 : 0);
    }
    farid.expectNoFaults();
  });

  it('notices are shown and announced in the upper layer', async ({ server, bob, openApp }) => {
    await bob.ok('createGroup', { name: 'Noticed', participants: ['farid', 'eva'] });
    const groups = await Promise.all(
      ['first', 'second', 'third'].map((name) => bob.ok('createGroup', { name, participants: ['farid'] })),
    );
    const farid = await openApp(server, { as: 'farid' });
    const { page } = farid;
    await farid.openChat('Noticed');
    for (const [index, { conversation }] of groups.entries()) {
      if (index === 1) await page.getByTestId('chat-title').click();
      const info = page.getByRole('dialog', { name: 'Group', exact: true });
      if (index === 2) await info.getByRole('button', { name: 'More: Eva Novak' }).click();
      const layers = page.locator('[aria-modal]');
      await expect.poll(() => layers.count(), PATIENT).toBe(index);
      await bob.ok('removeMember', { conversationId: conversation._id, userId: 'farid' });
      const notice = page.getByRole('status').getByText(new RegExp(`removed from .*${conversation.name}`));
      await notice.waitFor();
      const layer = ['', 'Group', 'Eva Novak'][index] ?? '';
      const isIn: unknown = expect.stringContaining(layer);
      expect(await placeOfNotice(farid)).toEqual({ layer: isIn, isCovered: false });
    }
    // A notice outlasts its layer.
    await page.keyboard.press('Escape');
    const dialog = page.getByRole('dialog', { name: 'Group', exact: true });
    await dialog
      .getByRole('status')
      .getByText(/removed from .*third/)
      .waitFor();
    await page.context().setOffline(true);
    await page.getByTestId('offline-banner').waitFor();
    await dialog.getByRole('button', { name: 'Mute' }).click();
    await page.getByRole('dialog').last().getByRole('button', { name: '8 hours' }).click();
    const failure = dialog.getByRole('status').getByText(/There is no connection/);
    await failure.waitFor();
    expect(await placeOfNotice(farid)).toEqual({ layer: 'Group', isCovered: false });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    farid.expectNoFaults();
  });

  it('an address that shows nothing is replaced by that of the list', async ({ server, openApp }) => {
    const carol = await openApp(server, { as: 'carol' });
    await carol.startChat('Bob Tanaka');
    const { page } = carol;
    const address = await page.evaluate<string>('location.hash');
    for (const wrong of ['#/c/nonsense', `${address}/abc`, '#/c/%E0%A4%A', '#/other', '#nothing']) {
      await page.evaluate(`location.hash = ${JSON.stringify(wrong)}`);
      await page.getByText('Pick a conversation').waitFor();
      await expect.poll(() => page.evaluate('location.hash'), { ...PATIENT, message: wrong }).toBe('#/');
      await page.evaluate(`location.hash = ${JSON.stringify(address)}`);
      await carol.isOpen('Bob Tanaka');
    }
    await page.evaluate(`history.replaceState(null, '', '#/c/nonsense')`);
    await page.reload();
    await page.getByText('Pick a conversation').waitFor();
    await expect.poll(() => page.evaluate('location.hash')).toBe('#/');
    carol.expectNoFaults();
  });

  it('a token signs in; other texts do not', async ({ server, openApp }) => {
    const nobody = await openApp(server);
    await nobody.page.getByRole('button', { name: 'Sign in with a token' }).click();
    await nobody.page.getByLabel('JSON Web Token').fill('no token');
    await nobody.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await nobody.page.getByText('This is not a JSON Web Token').waitFor();
    await nobody.page.getByLabel('JSON Web Token').fill(server.token('zoe'));
    await nobody.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await nobody.page.getByTestId('me').getByText('zoe').waitFor();
    await nobody.page.getByRole('button', { name: 'Settings' }).click();
    await nobody.page.getByRole('button', { name: 'Sign out' }).click();
    await nobody.page.getByText('Choose a user').waitFor();
    nobody.expectNoFaults();
  });
});
