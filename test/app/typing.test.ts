import { expect } from 'vitest';
import { showPresence } from '../support/presence.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { describeInBrowser, it } from './support/windows.js';
import { Wire } from './support/wire.js';

/** Longer than any test, so that a notice cannot have ended by expiry. */
const EXPIRES_IN_MS = 600_000;

describeInBrowser('what shows in the app that somebody types', () => {
  it('ends at once when they disconnect, and when the connection is lost', async ({ openApp }) => {
    await using server = await startServer({ demo: true });
    await showPresence(server, 'alice', 'bob');
    const wire = new Wire();
    const alice = await openApp(server, { as: 'alice', prepare: (page) => wire.attach(page) });
    const online = alice.page.getByTestId('chat-subtitle').getByText('Online', { exact: true });
    const notices = [
      alice.page.getByTestId('typing'),
      alice.page.getByTestId('chat-subtitle').getByText('typing…'),
      alice.chat('Bob Tanaka').getByText('typing…'),
    ];
    for (const loss of ['they disconnect', 'the connection is lost']) {
      const bob = await server.connectAs('bob');
      const conversationId = await bob.open('alice');
      await bob.send(conversationId, loss);
      await alice.openChat('Bob Tanaka');
      await online.waitFor();
      await until(
        async () => {
          wire.push('typing', { conversationId, userId: 'bob', typing: true, expiresInMs: EXPIRES_IN_MS });
          const shown = await Promise.all(notices.map((notice) => notice.isVisible()));
          return shown.every(Boolean);
        },
        { what: 'every notice that Bob types' },
      );
      if (loss === 'they disconnect') bob.close();
      else await server.app.close();
      for (const notice of notices) await notice.waitFor({ state: 'detached' });
      await alice.chat('Bob Tanaka').getByText(loss).waitFor();
      expect(await alice.page.getByText('typing…').count()).toBe(0);
    }
    alice.expectNoFaults();
  });
});
