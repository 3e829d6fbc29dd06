import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import {
  failure,
  type Answer,
  type CommandData,
  type CommandName,
  type CommandPayload,
  type Failure,
} from '../../../../contract/index.js';
import type { Principal } from '../../services/users/index.js';

/** Packet types of the Socket.IO protocol (version 5). */
const CONNECT = '0';
const DISCONNECT = '1';
const EVENT = '2';
const ACKNOWLEDGEMENT = '3';
const CONNECT_ERROR = '4';

const eventPacket = z.tuple([z.string(), z.looseObject({ data: z.unknown() })]);
const ackPacket = z.tuple([z.looseObject({ success: z.boolean() })]);
const refusal = z.object({ data: failure });

export interface StreamListener {
  onEvent: (event: string, data: unknown) => void;
  /** `discard`: what was written and not read yet is of no use any more. */
  onClosed: (discard: boolean) => void;
  /** Bytes written to the response that its reader has not taken yet. */
  waitingBytes: () => number;
}

/**
 * A connection of the Socket.IO server without a socket: its packets go to an event stream in this process. The server treats
 * it like any other connection: authentication, rooms, expiry and revocation of tokens, limits per user, back-pressure and the
 * decision who may receive a push are those of sockets. It has the surface of an Engine.IO connection that Socket.IO uses.
 */
export class StreamConnection extends EventEmitter {
  readonly id = crypto.randomUUID();
  /** Version of the Engine.IO protocol. */
  readonly protocol = 4;
  readonly transport = { name: 'stream', writable: true };
  readyState: 'open' | 'closed' = 'open';
  readonly #listener: StreamListener;
  readonly #answers = new Map<number, (answer: Answer<unknown>) => void>();
  #connected: ((refused: Failure | undefined) => void) | undefined;
  #asked = 0;

  constructor(
    readonly request: IncomingMessage,
    /** User that was identified by the request; the handshake does not verify a token again. */
    readonly principal: Principal,
    listener: StreamListener,
  ) {
    super();
    this.#listener = listener;
  }

  get remoteAddress(): string | undefined {
    return this.request.socket.remoteAddress;
  }

  get waitingBytes(): number {
    return this.#listener.waitingBytes();
  }

  /** Joins the default namespace. Resolves with the failure when the server refuses the connection. */
  connect(): Promise<Failure | undefined> {
    return new Promise((resolve) => {
      this.#connected = resolve;
      this.emit('data', `${CONNECT}{}`);
    });
  }

  /** Runs a command as if a socket had sent it. Never rejects. */
  ask<Name extends CommandName>(
    name: Name,
    payload: CommandPayload<Name>,
  ): Promise<Answer<CommandData<Name>>> {
    const id = this.#asked++;
    return new Promise((resolve) => {
      if (this.readyState === 'closed') {
        resolve(CLOSED);
        return;
      }
      // The server sends the answer of this command under this id.
      this.#answers.set(id, resolve as (answer: Answer<unknown>) => void);
      this.emit('data', `${EVENT}${id}${JSON.stringify([name, payload])}`);
    });
  }

  /** Called by Socket.IO with a packet for the client. */
  write(packet: unknown): void {
    if (this.readyState === 'closed' || typeof packet !== 'string') return;
    const [, digits = ''] = /^\d(\d*)/.exec(packet) ?? [];
    const body: unknown = JSON.parse(packet.slice(1 + digits.length) || 'null');
    switch (packet[0]) {
      case CONNECT:
        this.#connected?.(undefined);
        break;
      case CONNECT_ERROR:
        this.#connected?.(refusal.safeParse(body).data?.data ?? CLOSED);
        break;
      case EVENT: {
        const [event, { data }] = eventPacket.parse(body);
        this.#listener.onEvent(event, data);
        break;
      }
      case ACKNOWLEDGEMENT: {
        const [answer] = ackPacket.parse(body);
        // The server's own answer to a command: its pipeline makes it, nothing from outside.
        this.#answers.get(Number(digits))?.(answer as unknown as Answer<unknown>);
        this.#answers.delete(Number(digits));
        break;
      }
      case DISCONNECT:
        this.close();
        break;
      case undefined:
        break;
    }
  }

  /** Called by Socket.IO, and by the stream when its response has ended. */
  close(discard = false): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.emit('close', 'transport close');
    this.#connected?.(CLOSED);
    for (const answer of this.#answers.values()) answer(CLOSED);
    this.#answers.clear();
    this.#listener.onClosed(discard);
  }
}

const CLOSED: Failure = { success: false, code: 'UNAVAILABLE', error: 'The stream has ended.' };

/** Returns the connection of an event stream; undefined for a socket. */
export const streamOf = (connection: unknown): StreamConnection | undefined =>
  connection instanceof StreamConnection ? connection : undefined;
