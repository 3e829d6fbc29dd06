import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test as base } from 'vitest';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { ServerProcess } from '../support/serverProcess.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { PYTHON, PythonClient, startPython } from './support/pythonClient.js';

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-python-'));
  onCleanup(() => rm(folder, { recursive: true }));
  return folder;
});

/** The printed lines of the tour in `docs/protocol.md`. */
async function documentedTour(): Promise<string[]> {
  const page = await readFile(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const block = /```console\n\$ python docs\/examples\/python_tour\.py --restart\n([\s\S]*?)```/.exec(
    page,
  )?.[1];
  return block?.trim().split('\n') ?? [];
}

describe.skipIf(PYTHON === '')('the Python client of the examples', () => {
  const server = sharedServer();

  test('runs the tour of docs/protocol.md, and loses and doubles nothing when the server restarts', async () => {
    const databaseName = `python_${process.pid}`;
    await using before = await ServerProcess.start({ demo: true, databaseName });
    const tour = startPython('python_tour.py', before.url, '--restart');
    let printed = '';
    tour.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    const ended = once(tour, 'exit');
    await until(() => printed.includes('restart the server now'));
    before.signal('SIGTERM');
    await before.exited();
    await using _after = await ServerProcess.start({ demo: true, databaseName, port: before.port });
    expect(await ended).toEqual([0, null]);
    expect(printed.trim().split('\n')).toEqual(await documentedTour());
  });

  test('repairs gaps of messages by seq, and of changes by rev', async ({ folder }) => {
    const [alice, bob] = people('alice', 'bob');
    const sender = await server().connectAs(alice);
    const conversationId = await sender.open(bob);
    await using client = new PythonClient(server().url, server().token(bob), join(folder, 'outbox'));
    await client.reaches(({ connected }) => connected);
    await sender.send(conversationId, 'one');
    await client.holds(conversationId, ['one']);

    await client.run('deaf', true);
    for (const text of ['two', 'three']) await sender.send(conversationId, text);
    await sender.ok('editMessage', { conversationId, seq: 1, content: 'uno' });
    await client.reaches(({ missed }) => missed === 3);
    await client.run('deaf', false);
    await sender.send(conversationId, 'four');
    await client.holds(conversationId, ['one', 'two', 'three', 'four']);
    await sender.ok('editMessage', { conversationId, seq: 2, content: 'dos' });
    await client.holds(conversationId, ['uno', 'dos', 'three', 'four']);
  });

  test('keeps its outbox through a kill: unsent messages are stored once, in order', async ({ folder }) => {
    const [alice, bob] = people('alice', 'bob');
    const listener = await server().connectAs(bob);
    const conversationId = await listener.open(alice);
    const outbox = join(folder, 'outbox');
    await using proxy = await TcpProxy.start(server().url);
    const start = (): PythonClient => new PythonClient(proxy.url, server().token(alice), outbox);
    await using killed = start();
    await killed.reaches(({ connected }) => connected);
    // Killed after the first message was stored, and most likely before its acknowledgement has arrived.
    proxy.delay(300);
    for (const text of ['one', 'two', 'three']) await killed.run('send', conversationId, text);
    await listener.next('message:new', ({ content }) => content === 'one');
    await killed.kill();
    proxy.delay(0);
    await using restarted = start();
    await restarted.reaches(({ waiting }) => waiting === 0);
    const { messages } = await listener.ok('getMessages', { conversationId });
    expect(messages.map(({ content }) => content)).toEqual(['one', 'two', 'three']);
  });
});
