import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventSource } from 'eventsource';
import { expect, test } from 'vitest';
import { startTwo } from '../redis/support/twoServers.js';
import { findFreePort } from '../support/freePort.js';
import { newDatabaseName, startServer } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { makeToken } from '../support/tokens.js';
import { until } from '../support/until.js';
import { StreamClient } from './support/streamClient.js';

const counted = (length: number): number[] => Array.from({ length }, (_, index) => index + 1);

test('a stream has the events of two processes, and goes on at its position on either', async () => {
  await using servers = await startTwo();
  const { a, b } = servers;
  const [one, two] = await Promise.all([a.connectAs('ann'), b.connectAs('bob')]);
  const conversationId = await one.open('bob');
  const onA = await new StreamClient(`${a.url}/api/events`, a.token('bob')).open();
  await until(() => onA.lastEventId, { what: 'the position at which the stream begins' });
  for (let round = 0; round < 5; round += 1) {
    await Promise.all([one.send(conversationId, 'from a'), two.send(conversationId, 'from b')]);
  }
  await until(() => onA.seqs(conversationId).length === 10);
  onA.close();
  await onA.ended;
  await Promise.all([one.send(conversationId, 'missed'), two.send(conversationId, 'missed, too')]);
  await using onB = new StreamClient(`${b.url}/api/events`, b.token('bob'));
  await onB.open({ lastEventId: onA.lastEventId });
  await one.send(conversationId, 'live from the other process');
  await until(() => onB.seqs(conversationId).length === 3);
  expect([...onA.seqs(conversationId), ...onB.seqs(conversationId)]).toEqual(counted(13));
});

test('the npm package eventsource follows a server through a restart, with what was stored meanwhile', async () => {
  const port = await findFreePort();
  const databaseName = newDatabaseName();
  await using peer = await startServer({ databaseName });
  const sender = await peer.connectAs('ann');
  const conversationId = await sender.open('bob');
  const seqs: number[] = [];
  const start = (): Promise<ServerProcess> => ServerProcess.start({ databaseName, port });
  const first = await start();
  const source = new EventSource(`http://127.0.0.1:${port}/api/events`, {
    fetch: (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${makeToken('bob')}` } }),
  });
  try {
    source.addEventListener('message:new', ({ data }) => {
      seqs.push((JSON.parse(String(data)) as { seq: number }).seq);
    });
    await once(source, 'open');
    const near = await first.connectAs('ann');
    await near.send(conversationId, 'before');
    await until(() => seqs.length === 1);
    await first.kill();
    await sender.send(conversationId, 'while it is down');
    await using second = await start();
    await until(() => seqs.length === 2);
    const back = await second.connectAs('ann');
    await back.send(conversationId, 'after');
    await until(() => seqs.length === 3);
    expect(seqs).toEqual([1, 2, 3]);
  } finally {
    source.close();
    await first[Symbol.asyncDispose]();
  }
});

/** Bytes that a proxy collects before it passes anything on. */
const PROXY_BUFFER_BYTES = 2_048;

test('a proxy that holds back the beginning of an answer passes the first event on at once', async () => {
  await using server = await startServer();
  await using proxy = await BufferingProxy.start(new URL(server.url).port);
  const sender = await server.connectAs('ann');
  const conversationId = await sender.open('bob');
  await using stream = new StreamClient(`${proxy.url}/api/events`, server.token('bob'));
  await stream.open();
  await until(() => stream.lastEventId, { what: 'the position at which the stream begins' });
  await sender.send(conversationId, 'hello');
  expect(await stream.next('message:new')).toMatchObject({ content: 'hello' });
});

/** Forwards requests, and answers only once it has more than its buffer, as some virus scanners and old proxies do. */
class BufferingProxy implements AsyncDisposable {
  private constructor(readonly server: Server) {}

  static async start(port: string): Promise<BufferingProxy> {
    const server = createServer((incoming, outgoing) => {
      const { method, url: path, headers } = incoming;
      const forwarded = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
        let held = Buffer.alloc(0);
        answer.on('data', (chunk: Buffer) => {
          held = Buffer.concat([held, chunk]);
          if (!outgoing.headersSent && held.length < PROXY_BUFFER_BYTES) return;
          if (!outgoing.headersSent) outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          outgoing.write(held);
          held = Buffer.alloc(0);
        });
        answer.on('close', () => outgoing.destroy());
      });
      outgoing.on('close', () => forwarded.destroy());
      incoming.pipe(forwarded);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new BufferingProxy(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
