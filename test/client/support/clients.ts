import {
  createParleyClient,
  type ParleyClient,
  type ParleyClientOptions,
} from '../../../packages/client/src/index.js';
import type { TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';

/** A client of the SDK that is disposed of at the end of its scope. */
export type TestParleyClient = ParleyClient & AsyncDisposable;

/** Creates a client of a user, not connected yet. */
export function createClient(
  server: Pick<TestServer, 'url' | 'token'>,
  userId: string,
  options: Partial<ParleyClientOptions> = {},
): TestParleyClient {
  const client = createParleyClient({
    url: server.url,
    getToken: () => Promise.resolve(server.token(userId)),
    transports: ['websocket'],
    ...options,
  });
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.dispose() });
}

/** Resolves when the client is connected and synchronised. */
export const online = (client: ParleyClient) =>
  until(() => client.connectionState.getSnapshot().status === 'online', {
    what: 'a synchronised connection',
  });

/** Creates a client of a user, and connects it. */
export async function connectedClient(
  server: Pick<TestServer, 'url' | 'token'>,
  userId: string,
  options: Partial<ParleyClientOptions> = {},
): Promise<TestParleyClient> {
  const client = createClient(server, userId, options);
  await client.connect();
  await online(client);
  return client;
}
