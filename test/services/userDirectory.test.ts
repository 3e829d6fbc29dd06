import { expect, test } from 'vitest';
import type { UserId } from '../../contract/index.js';
import { showPresence } from '../support/presence.js';
import { startServer } from '../support/server.js';

test('a change right after the insert of a user is kept, however far the estimated database time was ahead', async () => {
  await using server = await startServer();
  const userId = 'alice' as UserId;
  const { models, services } = server.app;
  await models.users.insertMissing([{ _id: userId, profile: {} }], new Date(Date.now() + 60_000));
  await services.users.views([userId]);
  await showPresence(server, userId);
  expect(services.users.knownPrivacy(userId).lastSeen).toBe('everyone');
  await services.users.refresh();
  expect(services.users.knownPrivacy(userId).lastSeen).toBe('everyone');
});
