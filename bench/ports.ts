import { request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './children.js';

const START_TIMEOUT_MS = 60_000;

export async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const answersOk = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path: '/health/ready', timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('error', () => resolve(false));
    call.on('timeout', () => call.destroy());
    call.end();
  });

/** Resolves when the server accepts commands. @throws when it ends or is not ready in time; it is stopped then. */
export async function waitUntilReady(child: Child, port: number): Promise<void> {
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  while (child.isRunning && performance.now() < giveUpAt) {
    if (await answersOk(port)) return;
    await sleep(50);
  }
  await child.stop();
  throw new Error('The server under test did not become ready.');
}
