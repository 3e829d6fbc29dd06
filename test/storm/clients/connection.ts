import { setTimeout as wait } from 'node:timers/promises';
import type {
  Answer,
  CommandData,
  CommandName,
  CommandPayload,
  Goodbye,
  Success,
} from '../../../contract/index.js';
import { openSocket, type ClientSocket } from '../../support/client.js';
import type { Balancer } from '../parts/balancer.js';
import type { Node } from '../parts/cluster.js';

/** Time after which a handshake is given up, in ms. */
const CONNECT_TIMEOUT_MS = 4_000;
/** Pushes that tell when to reconnect. */
const FAREWELLS: ReadonlySet<string> = new Set(['server:draining', 'connection:ended']);
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 3_000;

export interface ConnectionParts {
  balancer: Balancer;
  token: () => string;
  transport: 'websocket' | 'polling';
  /** Time without an answer after which a server is given up, in ms: a paused server keeps its connections open. */
  patienceMs: number;
  headers?: Record<string, string>;
  onConnect: (connection: Connection) => void;
  onDisconnect: (reason: string) => void;
  onPush: (event: string, payload: unknown) => void;
}

type CommandInput<Name extends CommandName> = Parameters<ClientSocketCall<Name>>[0];
type ClientSocketCall<Name extends CommandName> = (payload: CommandPayload<Name>) => void;

/**
 * Keeps a device connected: uses the servers in turn, with increasing delays and jitter, and waits as long as a
 * stopping server has asked for.
 */
export class Connection {
  #socket: ClientSocket | undefined;
  #node: Node | undefined;
  #wanted = false;
  #keeping: Promise<void> | undefined;
  #notBeforeMs = 0;

  constructor(readonly parts: ConnectionParts) {}

  get isUp(): boolean {
    return this.#socket?.connected === true;
  }

  /** The current server. */
  get server(): string | undefined {
    return this.#node?.name;
  }

  open(): void {
    this.#wanted = true;
    this.#keeping ??= this.#keep();
  }

  /** Closes the connection and does not reconnect until `open`. */
  async close(): Promise<void> {
    this.#wanted = false;
    this.#socket?.disconnect();
    await this.#keeping;
  }

  /** Drops the connection without closing it and reconnects, like a phone in a tunnel. */
  hangUp(): void {
    this.#socket?.io.engine.close();
  }

  /** Returns undefined without a connection or an answer; it changes the server then. */
  async call<Name extends CommandName>(
    event: Name,
    payload: CommandInput<Name> | Record<string, unknown>,
  ): Promise<Answer<CommandData<Name>> | undefined> {
    const socket = this.#socket;
    if (socket?.connected !== true) return undefined;
    try {
      return await socket.timeout(this.parts.patienceMs).emitWithAck(event, ...([payload] as never));
    } catch {
      if (this.#socket === socket) socket.disconnect();
      return undefined;
    }
  }

  async #keep(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (this.#isWanted()) {
      const pauseMs = Math.max(0, this.#notBeforeMs - performance.now());
      if (pauseMs > 0) await wait(pauseMs);
      const connected = await this.#connectOnce();
      if (connected !== undefined) {
        backoffMs = FIRST_BACKOFF_MS;
        this.parts.onConnect(this);
        this.parts.onDisconnect(await connected.ended);
      }
      if (this.#isWanted()) await wait(backoffMs * (0.5 + Math.random()));
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
    }
    // In the same turn in which the loop ends, so that a later caller starts a new one.
    this.#keeping = undefined;
  }

  /** Evaluated again after every wait. */
  #isWanted(): boolean {
    return this.#wanted;
  }

  /** @returns a promise of the reason when the connection ends; undefined without a connection. */
  async #connectOnce(): Promise<{ ended: Promise<string> } | undefined> {
    const node = this.parts.balancer.next(this.#node?.name);
    this.#node = node;
    const { token, transport, headers } = this.parts;
    const socket = openSocket(node.clientProxy.url, {
      token: token(),
      transports: [transport],
      ...(headers && { headers }),
    });
    this.#socket = socket;
    const ended = new Promise<string>((resolve) => socket.once('disconnect', resolve));
    socket.onAny((event: string, payload: unknown) => {
      if (FAREWELLS.has(event)) this.#obey((payload as Success<Goodbye>).data);
      else this.parts.onPush(event, payload);
    });
    const connected = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), CONNECT_TIMEOUT_MS);
      const settle = (is: boolean): void => {
        clearTimeout(timer);
        resolve(is);
      };
      socket.once('connect', () => settle(true));
      socket.once('connect_error', (error) => {
        if ('data' in error) this.#obey(error.data);
        settle(false);
      });
    });
    if (connected && this.#isWanted()) return { ended };
    socket.disconnect();
    return undefined;
  }

  /** Waits as long as a server asks for when it stops or has too many connections. */
  #obey(said: unknown): void {
    if (said === null || typeof said !== 'object') return;
    const { afterMs, retryAfterMs } = said as { afterMs?: unknown; retryAfterMs?: unknown };
    const pauseMs = Number(afterMs ?? retryAfterMs ?? 0);
    if (pauseMs > 0) this.#notBeforeMs = performance.now() + pauseMs;
  }
}
