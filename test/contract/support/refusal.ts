import { expect } from 'vitest';
import type { Answer, ErrorCode } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';
import { readEverything, summariesWritten } from './database.js';

/** Resolves when everything that the server has sent to these clients so far has arrived. */
export async function caughtUp(clients: readonly TestClient[]): Promise<void> {
  // Packets of one socket arrive in order, so the answer arrives after all earlier pushes.
  await Promise.all(clients.map((client) => client.call('getConversations', { limit: 1 })));
}

/**
 * Runs an action that must be refused. Checks the code, that none of `listeners` received anything, and that nothing
 * was stored.
 */
export async function expectRefused<Data>(
  act: () => Promise<Answer<Data>>,
  expected: { code: ErrorCode; server: TestServer; listeners: readonly TestClient[] },
): Promise<Answer<Data>> {
  const { code, server, listeners } = expected;
  await summariesWritten(server);
  await caughtUp(listeners);
  const before = await readEverything(server);
  const counts = listeners.map(({ heard }) => heard.length);
  const answer = await act();
  expect(answer).toMatchObject({ success: false, code, error: expect.any(String) as string });
  await caughtUp(listeners);
  expect(listeners.map(({ heard }, index) => heard.slice(counts[index]))).toEqual(listeners.map(() => []));
  expect(await readEverything(server)).toEqual(before);
  return answer;
}
