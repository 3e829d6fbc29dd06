import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WebSocket } from 'ws';
import type { ServerProcess } from './serverProcess.js';
import { until } from './until.js';

/** Node options of a server process whose memory `liveBytesOf` can measure. */
export const INSPECTABLE = ['--inspect=127.0.0.1:0'];

/**
 * Returns the bytes that a server process holds after a full garbage collection: heap, buffers and external strings.
 * Without the collection the result would depend on how lazily V8 collects, which differs by version and memory of the
 * machine.
 */
export async function liveBytesOf(server: ServerProcess): Promise<number> {
  const address = await until(() => /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/.exec(server.output.join(''))?.[0]);
  const inspector = new WebSocket(address);
  try {
    await event(inspector, 'open');
    await ask(inspector, 'HeapProfiler.collectGarbage');
    const reply = await ask(inspector, 'Runtime.evaluate', {
      expression: '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())',
    });
    return (reply as { result: { result: { value: number } } }).result.result.value;
  } finally {
    inspector.terminate();
  }
}

/** Returns the bytes that this process holds after a full garbage collection. */
export function liveBytesHere(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const event = (inspector: WebSocket, name: 'open' | 'message'): Promise<unknown> =>
  new Promise((resolve, reject) => inspector.once(name, resolve).once('error', reject));

async function ask(inspector: WebSocket, method: string, params = {}): Promise<unknown> {
  const reply = event(inspector, 'message');
  inspector.send(JSON.stringify({ id: 1, method, params }));
  return JSON.parse(String(await reply));
}
