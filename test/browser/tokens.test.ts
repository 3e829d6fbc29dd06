import { expect } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import type { ChatWindow } from './support/browser.js';
import { describeInBrowser, it, type OpenWindow } from './support/windows.js';

const state = (window: ChatWindow, text: string, status: string) =>
  window.messages(text).and(window.page.locator(`.${status}`));

describeInBrowser('a token', () => {
  /** Signs a window in as Alice of the demo, with this token instead of the demo's. */
  const withToken = (open: OpenWindow, server: TestServer, token: string) =>
    open(server, {
      prepare: (page) => {
        const session = JSON.stringify({ userId: 'alice', name: 'Alice Moreau', token, isDemo: true });
        const script = `sessionStorage.getItem('parley.session') ?? sessionStorage.setItem('parley.session', ${JSON.stringify(session)})`;
        return page.addInitScript(script);
      },
    });

  const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;

  it('that has expired is renewed unnoticed', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const alice = await withToken(open, server, server.token('alice', { exp: inSeconds(-10) }));
    await alice.startChat('Bob Tanaka');
    await alice.write('Hello');
    await state(alice, 'Hello', 'sent').waitFor();
    expect(alice.faults).toEqual([]);
  });

  it('that expires is renewed on the open connection, and no message is missed', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const bob = await server.connectAs('bob');
    const id = await bob.open('alice');
    const token = server.token('alice', { exp: inSeconds(3) });
    const alice = await withToken(open, server, token);
    await alice.openChat('Bob Tanaka');
    const session = () => alice.page.evaluate<string>(`sessionStorage.getItem('parley.session')`);
    await until(async () => !(await session()).includes(token), { what: 'a new token' });
    await bob.send(id, 'Still there?');
    await alice.messages('Still there?').waitFor();
    await alice.write('Yes');
    await state(alice, 'Yes', 'sent').waitFor();
    expect(alice.complaints).toEqual([]);
  });

  it('that was revoked ends the session, with a notice', async ({ open }) => {
    await using server = await startServer({ demo: true });
    const alice = await open(server, { as: 'alice' });
    await alice.startChat('Bob Tanaka');
    // Tokens issued up to this second are refused.
    await server.api('alice').post('/api/users/me/revoke-tokens');
    await alice.banner.getByText('Signed out.').waitFor();
  });
});
