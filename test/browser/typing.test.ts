import { expect } from 'vitest';
import { showPresence } from '../support/presence.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';
import { describeInBrowser, it } from './support/windows.js';
import { Wire } from './support/wire.js';

/** Longer than any test, so that a notice cannot have ended by expiry. */
const EXPIRES_IN_MS = 600_000;

describeInBrowser('what shows that somebody types', () => {
  it.for<'they disconnect' | 'the connection is lost'>(['they disconnect', 'the connection is lost'])(
    'ends at once when %s',
    async (loss, { open }) => {
      await using server = await startServer({ demo: true });
      await showPresence(server, 'alice', 'bob');
      const bob = await server.connectAs('bob');
      const conversationId = await bob.open('alice');
      await bob.send(conversationId, 'Hello');
      const wire = new Wire();
      const alice = await open(server, { as: 'alice', prepare: (page) => wire.attach(page) });
      await alice.openChat('Bob Tanaka');
      await alice.page.locator('.chat-sub').getByText('online', { exact: true }).waitFor();
      const row = alice.chat('Bob Tanaka').getByText('typing…');
      await until(
        async () => {
          wire.push('typing', { conversationId, userId: 'bob', typing: true, expiresInMs: EXPIRES_IN_MS });
          return (await alice.page.locator('.messages .typing').isVisible()) && (await row.isVisible());
        },
        { what: 'the notice that Bob types' },
      );

      if (loss === 'they disconnect') bob.close();
      else await server.app.close();
      await alice.page.locator('.messages .typing').waitFor({ state: 'detached' });
      await alice.chat('Bob Tanaka').getByText('Hello').waitFor();
      expect(await alice.page.getByText('typing…').count()).toBe(0);
      expect(alice.faults).toEqual([]);
    },
  );
});
