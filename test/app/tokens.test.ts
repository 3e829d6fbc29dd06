import { backendOf } from '../backend/support/backend.js';
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
    const banner = eva.page.getByTestId('offline-banner');
    await banner.getByText('Signed out.').waitFor();
    await eva.write('written after it');
    await eva.hasTick('written after it', 'sending');
    await banner.getByRole('button', { name: 'Sign in' }).click();
    await eva.page.getByRole('button', { name: 'Eva Novak' }).click();
    await eva.hasTick('written after it', 'sent');
    eva.expectNoFaults();
  });

  it('of a banned user leads to the sign-in, at once and after a reload; what was written waits', async ({
    server,
    bob,
    openApp,
  }) => {
    const dan = await openApp(server, { as: 'dan' });
    await dan.startChat('Bob Tanaka');
    const { reportId } = await bob.ok('report', { userId: 'dan', reason: 'spam' });
    const moderator = await server.connectAs('mod', { token: server.token('mod', { roles: ['moderator'] }) });
    await moderator.ok('resolveReport', { reportId, decision: 'banUser' });
    const banner = dan.page.getByTestId('offline-banner');
    await banner.getByText('This account is blocked.').waitFor();
    await dan.write('too late');
    await dan.hasTick('too late', 'sending');
    await dan.page.reload();
    await banner.getByText('This account is blocked.').waitFor();
    await banner.getByRole('button', { name: 'Sign in' }).click();
    // Another user would leave the message behind: the app asks first.
    await dan.page.getByRole('button', { name: 'Farid Haddad' }).click();
    await dan.confirm('Cancel');
    await banner.getByRole('button', { name: 'Sign in' }).click();
    const backend = await backendOf(server);
    await backend.ok('DELETE', '/users/dan/ban');
    await dan.page.getByRole('button', { name: 'Dan Lindqvist' }).click();
    await dan.hasTick('too late', 'sent');
    dan.expectNoFaults();
  });
});
