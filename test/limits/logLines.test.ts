import { expect, test } from 'vitest';
import { z } from 'zod';
import { LIMITS } from '../../contract/index.js';
import { RawConnection } from '../contract/support/rawConnection.js';
import { startServer, type TestServer } from '../support/server.js';
import { sendWhile } from './support/traffic.js';

const logLine = z.looseObject({ msg: z.string() });
type LogLine = z.infer<typeof logLine>;

/** Starts a server and collects its log. */
async function startLogged(
  env: Record<string, string> = {},
): Promise<{ server: TestServer; lines: LogLine[] }> {
  const lines: LogLine[] = [];
  const server = await startServer({
    env: { LOG_LEVEL: 'info', ...env },
    onLogLine: (line) => lines.push(logLine.parse(JSON.parse(line))),
  });
  lines.length = 0;
  return { server, lines };
}

const repeat = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('unreadable packets write one line per user and minute, without a stack', async () => {
  const { server, lines } = await startLogged();
  await using _server = server;
  for (const packet of ['42[', '4x', '451-["x"]']) {
    for (const _ of repeat(10)) {
      await using connection = await RawConnection.connect(server.url, server.token('eve'));
      // The third packet announces bytes, but an event follows.
      for (const text of [packet, packet]) connection.sendText(text);
      await connection.closed();
    }
  }
  expect(lines).toMatchObject([{ msg: 'a connection sent a malformed packet', userId: 'eve' }]);
  expect(JSON.stringify(lines)).not.toMatch(/stack|node_modules/);
});

test('an event named error writes no line, and none of its content', async () => {
  const { server, lines } = await startLogged();
  await using _server = server;
  await using connection = await RawConnection.connect(server.url, server.token('eve'));
  for (const index of repeat(200))
    connection.sendText(`42${index}["error",{"message":"boom","stack":"mine"}]`);
  await connection.next((text) => text.startsWith('43199['));
  expect(lines).toEqual([]);
});

test('refused requests, tokens, events and frames write no line', async () => {
  const { server, lines } = await startLogged();
  await using _server = server;
  const authorization = `Bearer ${server.token('eve')}`;
  const json = { authorization, 'content-type': 'application/json' };
  const url = `${server.url}/api/conversations`;
  const client = await server.connectAs('eve');
  for (const index of repeat(20)) {
    await fetch(url, { method: 'POST', headers: json, body: '{"name": ' });
    await fetch(url, { method: 'POST', headers: json, body: 'x'.repeat(LIMITS.maxBodyBytes + 1) });
    await fetch(url, { headers: { authorization: `Bearer x.${index}.y` } });
    await fetch(`${server.url}/api/%E0%A4%A`);
    await expect(server.connectAs('eve', { token: `x.${index}.y` })).rejects.toThrow();
    await client.raw.emitWithAck(`unknown${index}`, {});
    await client.call('sendMessage', { conversationId: index });
  }
  await using connection = await RawConnection.connect(server.url, server.token('eve'));
  connection.sendText(`42["x","${'x'.repeat(LIMITS.maxFrameBytes)}"]`);
  await connection.closed();
  const provoked = lines.filter(({ msg }) => msg !== 'a connection sent a malformed packet');
  expect(provoked).toEqual([]);
  expect(lines.length).toBeLessThanOrEqual(1);
});

test('a user who tries to add a third member to a direct conversation writes one line', async () => {
  const { server, lines } = await startLogged();
  await using _server = server;
  const eve = await server.connectAs('eve');
  for (const index of repeat(5)) {
    const conversationId = await eve.open(`victim${index}`);
    await eve.call('addMembers', { conversationId, userIds: ['third'] });
  }
  expect(lines.filter(({ msg }) => msg.includes('third member'))).toHaveLength(1);
  expect(await server.metric('parley_third_member_refused_total')).toBe(5);
});

test('a user whose connections do not read writes one line, however many are closed', async () => {
  const { server, lines } = await startLogged();
  await using _server = server;
  const alice = await server.connectAs('alice');
  const conversationId = await alice.open('bob');
  const ended = () => server.metric('parley_slow_connections_closed_total');
  await using one = await RawConnection.connect(server.url, server.token('bob'));
  await using two = await RawConnection.connect(server.url, server.token('bob'));
  for (const reader of [one, two]) reader.stopReading();
  await sendWhile(alice, conversationId, { goOn: async () => (await ended()) < 2 });
  expect(lines).toMatchObject([{ msg: 'a connection that does not read was ended', userId: 'bob' }]);
});
