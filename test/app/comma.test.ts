import { describeInBrowser, it } from './support/windows.js';

describeInBrowser('the app in Arabic', () => {
  it('writes the comma of the language between names', async ({ server, bob, openApp }) => {
    const { conversation } = await bob.ok('createGroup', { name: 'Hill', participants: ['alice'] });
    const conversationId = conversation._id;
    await bob.ok('addMembers', { conversationId, userIds: ['carol', 'dan'] });
    const alice = await openApp(server, { as: 'alice', locale: 'ar' });
    await alice.openChat('Hill');
    const names = /Carol Osei\u2069?، \u2068?Dan Lindqvist/;
    await alice.page.getByRole('log').getByText(names).waitFor();
    await alice.write('who sees this?');
    // A message that is not stored yet cannot be read.
    await alice.hasTick('who sees this?', 'sent');
    for (const userId of ['carol', 'dan']) {
      const reader = await server.connectAs(userId);
      await reader.ok('message:read', { conversationId, seq: 3 });
    }
    await alice.page.getByTestId('seen-by').getByText(/، /).waitFor();
    // The row of the chat is read to screen readers as a list, too.
    await alice.page.getByRole('button', { name: /^Hill، / }).waitFor();
    alice.expectNoFaults();
  });
});
