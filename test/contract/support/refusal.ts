import { expect } from 'vitest';
import type { Answer, ErrorCode } from '../../../contract/index.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';
import { readEverything, summariesWritten } from './database.js';

/** Resolves when everything that the server has said to these clients so far has arrived. */
export async function caughtUp(clients: readonly TestClient[]): Promise<void> {
  // What is sent to one socket arrives in its order, so an answer comes behind every push before it.
  await Promise.all(clients.map((client) => client.call('getConversations', { limit: 1 })));
}

/**
 * Does something that has to be refused, and proves that it was: with this code, nobody of `listeners` heard
 * anything, and nothing was stored.
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
