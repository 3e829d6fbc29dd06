import type { ChatSocket } from './types.js';

type Connection = ChatSocket['conn'];

interface Counted {
  packets: number;
  bytes: number;
}

/** The part of a raw WebSocket that is needed here: engine.io keeps it to itself. */
export interface RawWebSocket {
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
  terminate(): void;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Bytes that wait for the reader of a connection: packets that engine.io holds while the transport cannot take them,
 * and what the WebSocket has not handed to the system yet. Both of them grow without a bound of their own.
 *
 * Asked for, never kept: a connection with nothing waiting costs nothing. What waits is counted once, however often it
 * is asked for: engine.io begins a new array with each flush, so the sum so far belongs to the array.
 */
export class WaitingBytes {
  readonly #counted = new WeakMap<readonly unknown[], Counted>();

  of(connection: Connection): number {
    return this.#inBuffer(connection) + (rawWebSocketOf(connection)?.bufferedAmount ?? 0);
  }

  #inBuffer(connection: Connection): number {
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

/** The WebSocket of a connection that has one: not of one that polls. */
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
