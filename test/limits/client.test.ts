import { expect, test } from 'vitest';
import { endConnection, endWithNotice } from '../../backend/src/socket/connection/endConnection.js';
import type { ChatSocket } from '../../backend/src/socket/types.js';
import { ParleyError, type ConnectionState, type ParleyClient } from '../../packages/client/src/index.js';
import { connectedClient, online } from '../client/support/clients.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const socketOf = ({ app }: TestServer): Promise<ChatSocket> =>
  until(() => [...app.io.sockets.sockets.values()][0], { what: 'a connection' });

/** Returns the states that the connection goes through from now on. */
function statesOf(client: ParleyClient): ConnectionState[] {
  const states: ConnectionState[] = [];
  client.on('connectionStateChanged', (state) => states.push(state));
  return states;
}

test('the SDK reconnects after it was closed for reading too slowly', async () => {
  await using server = await startServer();
  await using alice = await connectedClient(server, 'alice');
  const states = statesOf(alice);
  endConnection(await socketOf(server), 'SLOW');
  await until(() => states.some(({ status }) => status === 'reconnecting'), { what: 'the end' });
  await online(alice);
  expect(await alice.command('sync', {})).toMatchObject({ conversations: [] });
});

test('the SDK does not reconnect when the user has opened it too often elsewhere', async () => {
  await using server = await startServer();
  await using alice = await connectedClient(server, 'alice');
  endWithNotice(await socketOf(server), 'TOO_MANY_SOCKETS');
  await until(() => alice.connectionState.getSnapshot().status === 'ended', { what: 'the end' });
  expect(alice.connectionState.getSnapshot()).toMatchObject({ code: 'TOO_MANY_SOCKETS' });
});

test('the SDK limits its concurrent commands: none is refused, however many there are', async () => {
  await using server = await startServer({ env: { MAX_COMMANDS_PER_SOCKET: '20' } });
  await using alice = await connectedClient(server, 'alice');
  const lists = await Promise.all(Array.from({ length: 200 }, () => alice.command('getConversations', {})));
  expect(lists).toHaveLength(200);
});

test('waiting commands of the SDK are answered when the connection is lost', async () => {
  await using server = await startServer();
  await using alice = await connectedClient(server, 'alice');
  const asking = Array.from({ length: 100 }, () => alice.command('getConversations', {}));
  endConnection(await socketOf(server), 'SLOW');
  const outcomes = await Promise.allSettled(asking);
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  expect(failures.length).toBeGreaterThan(0);
  expect(failures.every((failure) => failure instanceof ParleyError)).toBe(true);
});
