import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { until } from '../../support/until.js';

const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  opcode: number;
  payload: Buffer;
  /** False for a fragment that is followed by others. */
  last?: boolean;
  /** Clients must mask; a hostile one does not. */
  masked?: boolean;
  /** Announced length, if it differs from the real one. */
  announcedBytes?: number;
  /** The three reserved bits. */
  reserved?: number;
}

/** Encodes the bytes of one WebSocket frame, valid or not. */
export function encodeFrame({ opcode, payload, last = true, masked = true, ...lies }: Frame): Buffer {
  const length = lies.announcedBytes ?? payload.length;
  const head = [(last ? 0x80 : 0) | ((lies.reserved ?? 0) << 4) | opcode];
  const maskBit = masked ? 0x80 : 0;
  const extended = Buffer.alloc(length < 126 ? 0 : length < 65_536 ? 2 : 8);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  head.push(maskBit | (extended.length === 0 ? length : extended.length === 2 ? 126 : 127));
  const mask = masked ? randomBytes(4) : Buffer.alloc(0);
  const body = masked ? payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)) : payload;
  return Buffer.concat([Buffer.from(head), extended, mask, body]);
}

/** A WebSocket connection without a client library: it sends exactly what a test wants, and receives everything. */
export class RawConnection implements AsyncDisposable {
  /** Text messages received so far. */
  readonly texts: string[] = [];
  isClosed = false;
  /** Code of the server's close frame. */
  closeCode: number | undefined;
  #buffer = Buffer.alloc(0);

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => (this.isClosed = true));
    // Many tests expect the connection to be cut.
    socket.on('error', () => undefined);
  }

  /** Opens the transport without authenticating. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<RawConnection> {
    const upgrade = request(`${url}/socket.io/?EIO=4&transport=websocket`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        ...headers,
      },
    });
    upgrade.end();
    const [, socket, head] = (await Promise.race([
      once(upgrade, 'upgrade'),
      once(upgrade, 'response').then(([response]: { statusCode: number }[]) => {
        throw new Error(`not upgraded: ${response?.statusCode ?? 0}`);
      }),
    ])) as [unknown, Socket, Buffer];
    const connection = new RawConnection(socket);
    connection.#read(head);
    return connection;
  }

  /** Opens an authenticated connection. */
  static async connect(url: string, token: string): Promise<RawConnection> {
    const connection = await RawConnection.open(url);
    connection.sendText(`40${JSON.stringify({ token })}`);
    await connection.next((text) => text.startsWith('40'));
    return connection;
  }

  sendText(text: string): void {
    this.sendFrame({ opcode: OPCODE.text, payload: Buffer.from(text) });
  }

  sendBinary(payload: Buffer): void {
    this.sendFrame({ opcode: OPCODE.binary, payload });
  }

  sendFrame(frame: Frame): void {
    this.sendBytes(encodeFrame(frame));
  }

  sendBytes(bytes: Buffer): void {
    if (!this.isClosed) this.socket.write(bytes);
  }

  /** Resolves with the first text that matches, including those received already. */
  next(fits: (text: string) => boolean): Promise<string> {
    return until(() => this.texts.find(fits), { what: 'a text from the server' });
  }

  /** Stops reading from the network until `resume`. */
  stopReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  /** Resolves when the server has ended the connection. */
  closed(): Promise<true> {
    return until(() => this.isClosed, { what: 'the end of the connection' }) as Promise<true>;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    return Promise.resolve();
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const short = (this.#buffer[1] ?? 0) & 0x7f;
      const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (this.#buffer.length < headBytes) return;
      const length =
        short === 126
          ? this.#buffer.readUInt16BE(2)
          : short === 127
            ? Number(this.#buffer.readBigUInt64BE(2))
            : short;
      if (this.#buffer.length < headBytes + length) return;
      const opcode = (this.#buffer[0] ?? 0) & 0x0f;
      const payload = this.#buffer.subarray(headBytes, headBytes + length);
      this.#buffer = this.#buffer.subarray(headBytes + length);
      if (opcode === OPCODE.text) this.texts.push(payload.toString());
      if (opcode === OPCODE.close) {
        this.closeCode = payload.length >= 2 ? payload.readUInt16BE() : undefined;
        this.socket.end();
      }
    }
  }
}
