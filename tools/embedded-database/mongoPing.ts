import { connect } from 'node:net';

const OP_MSG = 2013;
const TIMEOUT_MS = 1_000;

/** BSON of `{ping: 1, $db: "admin"}`. */
const COMMAND = Buffer.concat([
  Buffer.from([0x1e, 0, 0, 0]),
  Buffer.from('\x10ping\0\x01\0\0\0', 'latin1'),
  Buffer.from('\x02$db\0\x06\0\0\0admin\0', 'latin1'),
  Buffer.from([0]),
]);

/** BSON of the field `ok: 1.0` in the reply. */
const OK = Buffer.from('\x01ok\0\0\0\0\0\0\0\xf0\x3f', 'latin1');

/**
 * True when a server that speaks MongoDB's protocol answers a ping. Written without a driver: the launcher that calls it
 * is a small process that stays, and a driver would be most of its memory.
 */
export function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = Buffer.alloc(0);
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    socket.on('connect', () => socket.write(pingMessage()));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length >= 4 && answer.length >= answer.readInt32LE(0)) end(answer.includes(OK));
    });
  });
}

function pingMessage(): Buffer {
  const header = Buffer.alloc(21);
  header.writeInt32LE(header.length + COMMAND.length, 0);
  header.writeInt32LE(1, 4);
  header.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([header, COMMAND]);
}
