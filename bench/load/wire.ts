import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Answer } from '../../contract/index.js';

/** Timeout of the stock client. */
const CONNECT_TIMEOUT_MS = 20_000;

/** Packet types. The first digit is Engine.IO's; the second digit, in messages, is Socket.IO's. */
const OPEN = '0';
const PING = '2';
const PONG = '3';
const MESSAGE = '4';
const CONNECT = '0';
const EVENT = '2';
const ACKNOWLEDGE = '3';
const CONNECT_ERROR = '4';

type Acknowledge = (answer: Answer<unknown>) => void;

const CLOSED: Answer<unknown> = { success: false, error: 'The connection was closed.', code: 'UNAVAILABLE' };

const SHORT = 125;
const TWO_BYTES = 126;

/**
 * Encodes a packet of up to 64 KB as a WebSocket frame, which can be sent repeatedly without further cost. The mask is
 * zero, which is valid.
 */
export function frameOf(packet: string): Buffer {
  const payload = Buffer.from(packet);
  const head =
    payload.length <= SHORT
      ? [0x80 | payload.length]
      : [0x80 | TWO_BYTES, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...head, 0, 0, 0, 0]), payload]);
}

/**
 * A Socket.IO client for thousands of users in one process: WebSocket only, text packets, the default namespace, no
 * automatic reconnect (see `ReconnectLoad`) and no buffering. The stock client would be the bottleneck of the
 * measurement.
 */
export class WireClient {
  /** Called for every event, except acknowledgements, with its first argument. */
  onEvent: (event: string, payload: unknown) => void = () => undefined;
  /** Called first for every packet. Returning true skips parsing, for loads that must be cheap on the client. */
  onPacket: ((frame: Buffer) => boolean) | undefined;
  /** Called once when the connection ends without a call of `close`. */
  onLost: () => void = () => undefined;
  private readonly waiting = new Map<number, Acknowledge>();
  private nextId = 0;

  private constructor(
    private readonly socket: WebSocket,
    private readonly stream: Socket,
  ) {}

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Resolves when the server has accepted the user. */
  static connect(port: number, auth: Record<string, string>): Promise<WireClient> {
    const stream = connect({ host: '127.0.0.1', port, noDelay: true });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
      createConnection: () => stream,
      perMessageDeflate: false,
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      skipUTF8Validation: true,
    });
    const client = new WireClient(socket, stream);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => refuse('timed out'), CONNECT_TIMEOUT_MS);
      const refuse = (why: string): void => {
        clearTimeout(timer);
        socket.terminate();
        reject(new Error(`Connection refused: ${why}`));
      };
      socket.on('error', (error) => refuse(error.message));
      socket.on('close', () => refuse('closed'));
      socket.on('message', (frame: Buffer) => {
        const text = frame.toString('latin1', 0, 2);
        if (text.startsWith(OPEN)) socket.send(`${MESSAGE}${CONNECT}${JSON.stringify(auth)}`);
        else if (text === MESSAGE + CONNECT_ERROR) refuse(frame.toString());
        else if (text === MESSAGE + CONNECT) {
          clearTimeout(timer);
          client.listen();
          resolve(client);
        }
      });
    });
  }

  /** Sends an event whose payload is already serialized. */
  send(event: string, json: string, acknowledge: Acknowledge): void {
    if (!this.isOpen) {
      acknowledge(CLOSED);
      return;
    }
    const id = this.nextId++;
    this.waiting.set(id, acknowledge);
    this.socket.send(`${MESSAGE}${EVENT}${id}["${event}",${json}]`);
  }

  /** Writes one or more frames made by `frameOf`. */
  write(frames: Buffer): void {
    if (this.isOpen) this.stream.write(frames);
  }

  /** Sends an event and resolves with its answer. */
  request(event: string, payload: object): Promise<Answer<unknown>> {
    return new Promise((resolve) => this.send(event, JSON.stringify(payload), resolve));
  }

  /** Closes the connection. Resolves when it has ended. */
  async close(): Promise<void> {
    this.socket.removeAllListeners('close');
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.socket.terminate(), 1_000);
      this.socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.socket.close();
    });
  }

  private listen(): void {
    this.socket.removeAllListeners();
    this.socket.on('message', (frame: Buffer) => {
      if (this.onPacket?.(frame) !== true) this.receive(frame.toString());
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.failAll();
      this.onLost();
    });
  }

  private receive(packet: string): void {
    if (packet === PING) this.socket.send(PONG);
    if (!packet.startsWith(MESSAGE)) return;
    const start = packet.indexOf('[');
    if (start === -1) return;
    const body = JSON.parse(packet.slice(start)) as [unknown, unknown];
    if (packet[1] === ACKNOWLEDGE) {
      const id = Number(packet.slice(2, start));
      const acknowledge = this.waiting.get(id);
      this.waiting.delete(id);
      acknowledge?.(body[0] as Answer<unknown>);
    } else if (packet[1] === EVENT) {
      this.onEvent(String(body[0]), body[1]);
    }
  }

  private failAll(): void {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const acknowledge of waiting) acknowledge(CLOSED);
  }
}
