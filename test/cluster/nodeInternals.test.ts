import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { stopReading } from '../../backend/src/cluster/nodeInternals/index.js';
import { identify, listDescendants, signalProcess } from '../../tools/embedded-database/processes.js';
import { until } from '../support/until.js';

/*
 * These tests fail on a version of Node whose internals are others than `cluster/nodeInternals` expects. The end-to-end
 * behaviour is tested by the other files of this folder.
 */

const PRIMARY = fileURLToPath(new URL('./handoffPrimary.mjs', import.meta.url));
const message = z.looseObject({ port: z.number().optional(), result: z.number().optional() });

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function ask(primary: ChildProcess, command: string): Promise<number | undefined> {
  const answer = once(primary, 'message');
  primary.send(command);
  return message.parse((await answer)[0]).result;
}

async function startPrimary(): Promise<{ primary: ChildProcess; port: number }> {
  const primary = fork(PRIMARY, { execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  closing.push(() => {
    for (const pid of listDescendants(primary.pid ?? 0)) signalProcess(identify(pid), 'SIGKILL');
  });
  const { port } = message.parse((await once(primary, 'message'))[0]);
  return { primary, port: port ?? 0 };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  // The end is a reset or an orderly one, depending on the moment.
  socket.on('error', () => undefined);
  closing.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('a connection on its way to a worker that dies is closed, and the worker’s channel ends', async () => {
  const { primary, port } = await startPrimary();
  await ask(primary, 'pause');
  const socket = await open(port);
  const closed = once(socket.resume(), 'close');
  await until(async () => (await ask(primary, 'countSent')) === 1, { what: 'a connection on its way' });
  await ask(primary, 'kill');
  expect(await ask(primary, 'countEnds'), 'Node waits for the dead worker').toBe(0);
  await ask(primary, 'endChannel');
  expect(await ask(primary, 'countEnds')).toBe(1);
  expect(await ask(primary, 'countWorkers')).toBe(0);
  await ask(primary, 'closeUnconfirmed');
  await closed;
});

test('a worker goes on after its primary was killed', async () => {
  const { primary } = await startPrimary();
  let output = '';
  primary.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  primary.kill('SIGKILL');
  await until(() => output.includes('still running'), { what: 'a line of the worker' });
});

/** Opens a connection, and resolves with both of its sides. */
async function accept(server: Server, port: number): Promise<{ client: Socket; accepted: Socket }> {
  const connection = once(server, 'connection');
  const client = await open(port);
  return { client, accepted: (await connection)[0] as Socket };
}

test('a connection that is about to be passed on is not read any more', async () => {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  closing.push(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const passedOn = await accept(server, port);
  const other = await accept(server, port);
  stopReading(passedOn.accepted);
  await new Promise((resolve) => passedOn.client.write('passed on', resolve));
  // Sent later and read: what was sent before would have been read as well.
  const read = once(other.accepted, 'data');
  other.client.write('kept');
  expect(String((await read)[0])).toBe('kept');
  expect(passedOn.accepted.bytesRead).toBe(0);
});
