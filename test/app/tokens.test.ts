import type { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import type { AppWindow } from './support/appWindow.js';
import { describeInBrowser, it, type OpenApp } from './support/windows.js';

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;

/** Opens a window that is signed in as a user of the demo, with this token instead of the demo's. */
const withToken = (openApp: OpenApp, server: TestServer, [userId, token]: [string, string]) =>
  openApp(server, {
    prepare: (page) => {
      const session = JSON.stringify({ userId, token, isDemo: true });
      const script = `sessionStorage.getItem('parley.session') ?? sessionStorage.setItem('parley.session', ${JSON.stringify(session)})`;
      return page.addInitScript(script);
    },
  });

const isRenewed = ({ page }: AppWindow, token: string) =>
  until(
    async () => !(await page.evaluate<string>(`sessionStorage.getItem('parley.session')`)).includes(token),
    { what: 'a new token' },
  );

describeInBrowser('a token in the app', () => {
  it('that has expired is renewed unnoticed', async ({ server, openApp }) => {
    const token = server.token('alice', { exp: inSeconds(-10) });
    const alice = await withToken(openApp, server, ['alice', token]);
    await alice.startChat('Carol Osei');
    await alice.write('Hello');
    await alice.hasTick('Hello', 'sent');
    await isRenewed(alice, token);
    alice.expectNoFaults();
  });

  it('that expires is renewed on the open connection, and no message is missed', async ({
    server,
    bob,
    openApp,
  }) => {
    const id = await bob.open('dan');
    const token = server.token('dan', { exp: inSeconds(3) });
    const dan = await withToken(openApp, server, ['dan', token]);
    await dan.openChat('Bob Tanaka');
    await isRenewed(dan, token);
    await bob.send(id, 'Still there?');
    await dan.messages('Still there?').waitFor();
    await dan.write('Yes');
    await dan.hasTick('Yes', 'sent');
    dan.expectNoFaults();
  });

  it('that was revoked ends the session, with a notice', async ({ server, openApp }) => {
    const eva = await openApp(server, { as: 'eva' });
    await eva.startChat('Farid Haddad');
    // Tokens issued up to this second are refused.
    await server.api('eva').post('/api/users/me/revoke-tokens');
    await eva.page.getByTestId('offline-banner').getByText('Signed out.').waitFor();
  });
});
