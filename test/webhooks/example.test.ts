import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { backendOf } from '../backend/support/backend.js';
import { findFreePort } from '../support/freePort.js';
import { startServer } from '../support/server.js';
import { until } from '../support/until.js';

const EXAMPLE = fileURLToPath(new URL('../../docs/examples/webhook-receiver.mjs', import.meta.url));

test('the receiver of the docs verifies deliveries and refuses forged ones', async () => {
  await using server = await startServer();
  const backend = await backendOf(server);
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}/parley`;
  const { secret } = await backend.ok<{ secret: string }>('POST', '/webhooks', {
    body: { url, events: ['message.created'] },
  });
  const env = { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) };
  const receiver = spawn(process.execPath, [EXAMPLE], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  receiver.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    await until(() => output.includes('ready'));
    const alice = await server.connectAs('alice');
    const conversationId = await alice.open('bob');
    await alice.ok('sendMessage', { conversationId, content: 'Grüße', clientMessageId: crypto.randomUUID() });
    await until(() => output.includes('message.created'));
    expect(output).toContain('Grüße');
    const forged = await fetch(url, {
      method: 'POST',
      headers: { 'webhook-id': 'x', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' },
      body: '{}',
    });
    expect(forged.status).toBe(400);
  } finally {
    receiver.kill();
    await once(receiver, 'exit');
  }
});
