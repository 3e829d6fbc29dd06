import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../../contract/index.js';
import { openSocket, TestClient } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import type { Packet } from './support/packets.js';
import { SocketProxy, type Treatment } from './support/socketProxy.js';

/** The proofs of the SDK rest on this proxy: each of its treatments does what it says. */

let server: TestServer;
let bob: TestClient;
let conversationId: string;

beforeAll(async () => {
  server = await startServer();
  bob = await server.connectAs('bob');
  conversationId = await bob.open('alice');
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Connects Alice through a proxy, without reconnection. */
async function alice(): Promise<{
  proxy: SocketProxy;
  client: TestClient;
  [Symbol.asyncDispose]: () => Promise<void>;
}> {
  const proxy = await SocketProxy.start(server.url);
  const socket = openSocket(proxy.url, { token: server.token('alice') });
  const client = new TestClient(socket, 'alice');
  await until(() => socket.connected);
  const dispose = async (): Promise<void> => {
    client.close();
    await proxy[Symbol.asyncDispose]();
  };
  return { proxy, client, [Symbol.asyncDispose]: dispose };
}

const isSend = ({ kind, event }: Packet): boolean => kind === 'command' && event === 'sendMessage';
const isAnswer = ({ kind, event }: Packet): boolean => kind === 'answer' && event === 'sendMessage';
const isStored = async (text: string): Promise<boolean> => {
  const { messages } = await bob.ok('getMessages', { conversationId, limit: 200 });
  return messages.some(({ content }) => content === text);
};
/** Sends with a short wait for the answer. @returns what the client saw of it */
const trySend = async (client: TestClient, text: string): Promise<string> => {
  const payload = { conversationId, content: text, clientMessageId: crypto.randomUUID() };
  try {
    const answer = (await client.socket.timeout(300).emitWithAck('sendMessage', payload)) as Answer<unknown>;
    return answer.success ? 'answered' : answer.code;
  } catch {
    return 'no answer';
  }
};

interface Case {
  name: string;
  fits: (packet: Packet) => boolean;
  treatment: Treatment;
  isStored?: boolean;
  isAnswered?: boolean;
  isCut?: boolean;
}

test.each<Case>([
  { name: 'loses a command', fits: isSend, treatment: 'drop' },
  { name: 'cuts before a command', fits: isSend, treatment: 'cut', isCut: true },
  {
    name: 'delivers a command and cuts',
    fits: isSend,
    treatment: 'deliverAndCut',
    isStored: true,
    isCut: true,
  },
  { name: 'loses an answer', fits: isAnswer, treatment: 'drop', isStored: true },
  { name: 'cuts before an answer', fits: isAnswer, treatment: 'cut', isStored: true, isCut: true },
  {
    name: 'delivers an answer and cuts',
    fits: isAnswer,
    treatment: 'deliverAndCut',
    isStored: true,
    isAnswered: true,
    isCut: true,
  },
  { name: 'stalls at a command', fits: isSend, treatment: 'stall' },
])('$name', async (expected) => {
  await using one = await alice();
  const { name } = expected;
  const treated = one.proxy.next(expected.fits, expected.treatment);
  const answer = await trySend(one.client, name);
  await treated;
  if (expected.isStored === true) await until(() => isStored(name));
  else expect(await isStored(name)).toBe(false);
  if (expected.isCut === true) await until(() => !one.client.socket.connected);
  else expect(one.client.socket.connected).toBe(true);
  expect(answer).toBe(expected.isAnswered === true ? 'answered' : 'no answer');
});

test('delivers a command after its connection was cut', async () => {
  await using one = await alice();
  const treated = one.proxy.next(isSend, 'deliverLate');
  expect(await trySend(one.client, 'late')).toBe('no answer');
  await treated;
  expect(await isStored('late')).toBe(false);
  one.proxy.release();
  await until(() => isStored('late'));
});

test('holds a command and everything after it, in order', async () => {
  await using one = await alice();
  const treated = one.proxy.next(isSend, 'hold');
  const both = Promise.all([
    one.client.send(conversationId, 'held 1'),
    one.client.send(conversationId, 'held 2'),
  ]);
  await treated;
  one.proxy.release();
  const [first, second] = await both;
  if (!first.success || !second.success) throw new Error('refused');
  expect(second.data.seq).toBe(first.data.seq + 1);
});

test('a silent network answers nothing and tells nobody; a network that is down cuts and refuses', async () => {
  await using one = await alice();
  one.proxy.network = 'silent';
  expect(await trySend(one.client, 'silence')).toBe('no answer');
  expect(one.client.socket.connected).toBe(true);
  one.proxy.network = 'down';
  await until(() => !one.client.socket.connected);
  const refused = openSocket(one.proxy.url, { token: server.token('alice') });
  await new Promise((resolve) => refused.once('connect_error', resolve));
  expect(await isStored('silence')).toBe(false);
});
