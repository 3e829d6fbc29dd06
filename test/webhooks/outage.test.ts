import { inject, expect, test } from 'vitest';
import { backendOf } from '../backend/support/backend.js';
import { startServer } from '../support/server.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { messageOf, Receiver } from './support/receiver.js';

test('while the database is away webhooks wait, and afterwards deliver what another process has stored', async () => {
  await using receiver = await Receiver.open();
  await using proxy = await TcpProxy.start(inject('mongoUri'));
  await using server = await startServer({ mongoUri: proxy.mongoUri, env: { WEBHOOK_RETRY_MS: '50' } });
  const backend = await backendOf(server);
  const { secret } = await backend.ok<{ secret: string }>('POST', '/webhooks', {
    body: { url: receiver.url, events: ['message.created'] },
  });
  receiver.secrets.push(secret);
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  await alice.send(conversationId, 'before');
  await until(() => receiver.accepted.length === 1, { what: 'the first event' });
  proxy.cut();
  // It takes the webhook over when the claim of the first one runs out, or the first one goes on.
  await using other = await startServer({ databaseName: server.databaseName });
  const bob = await other.connectAs('bob');
  await bob.send(conversationId, 'meanwhile');
  await bob.send(conversationId, 'meanwhile, too');
  proxy.pass();
  await until(() => new Set(receiver.accepted.map((one) => messageOf(one).seq)).size === 3, {
    what: 'the events of the outage',
  });
  const seqs = [...new Set(receiver.accepted.map((one) => messageOf(one).seq))];
  expect(seqs).toEqual([1, 2, 3]);
});
