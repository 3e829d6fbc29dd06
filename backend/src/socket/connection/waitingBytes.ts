import type { ChatSocket } from '../types.js';
import { streamOf } from './streamConnection.js';

type Connection = ChatSocket['conn'];

interface Counted {
  packets: number;
  bytes: number;
}

/** The required subset of a raw WebSocket, which engine.io does not expose. */
export interface RawWebSocket {
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
  terminate(): void;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Counts the bytes that wait for the reader of a connection: packets that engine.io buffers while the transport is
 * busy, plus bytes that the WebSocket has not passed to the operating system. Neither has a limit of its own.
 *
 * The count is computed on demand, so idle connections cost nothing. Each packet is measured once: engine.io starts a
 * new array with each flush, so the running sum is stored per array.
 */
export class WaitingBytes {
  readonly #counted = new WeakMap<readonly unknown[], Counted>();

  of(connection: Connection): number {
    const stream = streamOf(connection);
    if (stream !== undefined) return stream.waitingBytes;
    return this.#bufferedBytes(connection) + (rawWebSocketOf(connection)?.bufferedAmount ?? 0);
  }

  #bufferedBytes(connection: Connection): number {
    const buffer: unknown = Reflect.get(connection, 'writeBuffer');
    if (!Array.isArray(buffer) || buffer.length === 0) return 0;
    const counted = this.#counted.get(buffer) ?? { packets: 0, bytes: 0 };
    for (; counted.packets < buffer.length; counted.packets += 1) {
      counted.bytes += sizeOf(buffer[counted.packets]);
    }
    this.#counted.set(buffer, counted);
    return counted.bytes;
  }
}

/** Returns the raw WebSocket of a connection; undefined for a polling connection. */
export function rawWebSocketOf(connection: Connection): RawWebSocket | undefined {
  if (connection.transport.name !== 'websocket') return undefined;
  const socket: unknown = Reflect.get(connection.transport, 'socket');
  return isRawWebSocket(socket) ? socket : undefined;
}

function isRawWebSocket(socket: unknown): socket is RawWebSocket {
  return typeof socket === 'object' && socket !== null && 'bufferedAmount' in socket && 'terminate' in socket;
}

function sizeOf(packet: unknown): number {
  if (typeof packet !== 'object' || packet === null || !('data' in packet)) return 0;
  const { data } = packet;
  return typeof data === 'string' || data instanceof Uint8Array ? Buffer.byteLength(data) : 0;
}
