import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { findDriverConnection, guardDriver } from '../../backend/src/database/driverGuard.js';

test('a command on a socket that has closed, and not said so yet, fails instead of waiting for ever', async () => {
  guardDriver();
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const socket = connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, host: '127.0.0.1' });
  await once(socket, 'connect');
  const errors: Error[] = [];
  const connection = Object.assign(Object.create(findDriverConnection()), {
    ...{ id: 1, address: 'test', socket },
    onError: (error: Error) => errors.push(error),
  }) as ReturnType<typeof findDriverConnection>;
  const command = { toBin: () => Promise.resolve([Buffer.from('a command')]) };

  await connection.writeCommand(command, { agreedCompressor: 'none' });
  socket.destroy();
  await expect(connection.writeCommand(command, { agreedCompressor: 'none' })).rejects.toThrow(/closed/);
  expect(errors).toHaveLength(1);
  server.close();
});
