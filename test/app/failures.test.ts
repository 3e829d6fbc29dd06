import { expect } from 'vitest';
import { Wire } from './support/wire.js';
import { describeInBrowser, it } from './support/windows.js';

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
