import { createHash } from 'node:crypto';
import { createServer, type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { startServer } from '../support/server.js';
import { createClient, online } from './support/clients.js';

/** Answer to a WebSocket's request, as every server gives it. */
function acceptance(request: string): string {
  const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  return [...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n');
}

test('a connection that is cut before the first packet of the server is made again at once', async () => {
  await using server = await startServer();
  let connections = 0;
  const proxy = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    if (connections === 1) {
      socket.once('data', (request) => socket.end(acceptance(request.toString())));
      return;
    }
    const target = connect(Number(new URL(server.url).port), '127.0.0.1');
    target.on('error', () => undefined);
    socket.pipe(target).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  await using client = createClient(server, 'cut', { url: `http://127.0.0.1:${port}` });
  const startedMs = performance.now();
  await client.connect();
  await online(client);
  expect(connections).toBe(2);
  // Below the time after which a silent server is given up.
  expect(performance.now() - startedMs).toBeLessThan(14_000);
  await client.dispose();
  proxy.close();
});
