import { io, type Socket } from 'socket.io-client';
import type { ParleyLogger } from '../api/logger.js';
import { retryRuleOf } from '../errors/parleyError.js';
import type { ConnectionState } from '../state/types.js';
import type { CommandName, CommandPayload, Goodbye } from '../wire/index.js';
import { backoffMs } from './backoff.js';
import { closeRuleOf } from './closeRules.js';
import { createCommandQueue } from './commandQueue.js';
import type { Ask, AskOptions, ClientFailure, Link, LinkAnswer, LinkEvents } from './link.js';
import { goodbyeIn, refusalIn, toAnswer } from './parseSocket.js';
import { Session } from './session.js';
import type { Tokens } from './tokens.js';
import { tokenTrouble, troubleOf, Troubles, type Trouble } from './trouble.js';

const ANSWER_TIMEOUT_MS = 10_000;
/** From the first packet to the server's acceptance. */
const HANDSHAKE_TIMEOUT_MS = 15_000;
const RECONNECT = { firstMs: 400, maxMs: 8_000 };
/** Commands in progress at a time. */
const MAX_COMMANDS = 16;
/** After a token was refused this often in a row, a new one will be refused, too. */
const MAX_REFUSALS = 5;

const SILENT: Trouble = { code: 'TIMEOUT', reason: 'The server does not answer.' };
const CUT: Trouble = { code: 'OFFLINE', reason: 'The connection was closed during the handshake.' };
const OFFLINE: ClientFailure = { success: false, code: 'OFFLINE', error: 'There is no connection.' };

export interface SocketLinkDeps {
  url: string;
  tokens: Tokens;
  events: LinkEvents;
  logger: ParleyLogger;
  transports?: readonly ('websocket' | 'polling')[] | undefined;
}

/**
 * The socket, and the one loop that brings it back. Socket.IO's own reconnection is off: it does not return after a refused
 * handshake or a disconnect by the server, and knows nothing of tokens and of servers that say when to return.
 */
export class SocketLink implements Link {
  readonly #events: LinkEvents;
  readonly #tokens: Tokens;
  readonly #troubles: Troubles;
  readonly #session: Session;
  readonly #socket: Socket;
  readonly #enqueue = createCommandQueue(MAX_COMMANDS);
  #reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  #handshakeTimer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #refusals = 0;
  #hasStarted = false;
  /** No event is reported any more. */
  #hasStopped = false;
  /** The connection is not opened again. */
  #hasEnded = false;
  #isOpening = false;
  #hasConnected = false;
  /** The server's announcement of the end of the connection. */
  #goodbye: Goodbye | undefined;

  constructor({ url, tokens, events, logger, transports }: SocketLinkDeps) {
    this.#events = events;
    this.#tokens = tokens;
    this.#troubles = new Troubles(logger, url);
    this.#session = new Session({
      tokens,
      acceptUser: (userId) => events.onUser(userId),
      onSignedOut: (reason) => this.#end({ code: 'SIGNED_OUT', reason }),
      send: (token) => this.#emit('auth:refresh', { token }),
      onRefused: ({ code, error }) => {
        this.#refusals += 1;
        this.#troubles.failed({ code, reason: error });
        this.#socket.disconnect();
      },
      onRenewedAfterExpiry: () => events.onOnline(),
    });
    this.#socket = io(url, {
      autoConnect: false,
      reconnection: false,
      forceNew: true,
      transports: [...(transports ?? ['websocket', 'polling'])],
      tryAllTransports: true,
      auth: (give) => give({ token: this.#session.token }),
    });
    this.#listen();
  }

  #listen(): void {
    this.#socket.on('connect', () => {
      this.#isOpening = false;
      clearTimeout(this.#handshakeTimer);
      this.#goodbye = undefined;
      this.#troubles.current = undefined;
      this.#hasConnected = true;
      this.#session.begin();
      this.#report({ status: 'syncing' });
      this.#events.onOnline();
    });
    this.#socket.on('disconnect', (cause, details: unknown) => this.#onDisconnect(cause, details));
    this.#socket.on('connect_error', (error: Error) => {
      this.#isOpening = false;
      clearTimeout(this.#handshakeTimer);
      if (!this.#hasEnded) this.#onFailure(error);
    });
    this.#socket.onAny((name: string, answer: unknown) => {
      const push = toAnswer(answer);
      if (push.success && !this.#hasStopped) this.#onPush(name, push.data);
    });
  }

  #onPush(name: string, data: unknown): void {
    this.#events.onPush(name, data);
    if (name !== 'auth:expired' && name !== 'server:draining' && name !== 'connection:ended') return;
    const goodbye = goodbyeIn(data);
    if (goodbye === undefined) return;
    if (!goodbye.reconnect) this.#end({ code: goodbye.code, reason: goodbye.reason });
    else if (name === 'auth:expired') this.#session.expire();
    else {
      this.#goodbye = goodbye;
      this.#troubles.lost({ code: goodbye.code, reason: goodbye.reason });
    }
    if (name === 'server:draining') this.#report({ status: 'draining', ...this.#troubles.current });
  }

  #onDisconnect(cause: string, details: unknown): void {
    this.#isOpening = false;
    clearTimeout(this.#handshakeTimer);
    this.#session.pause();
    if (this.#hasStopped) return;
    this.#events.onOffline();
    const rule = closeRuleOf(details);
    if (rule?.reconnect === false) {
      this.#end({ code: rule.code, reason: 'The server has ended this connection.' });
      return;
    }
    this.#troubles.lost({ code: rule?.code ?? 'OFFLINE', reason: `The connection was lost: ${cause}.` });
    this.#openLater(rule?.afterMs);
  }

  #onFailure(error: Error): void {
    const refusal = refusalIn(error);
    const rule = refusal === undefined ? 'same' : retryRuleOf(refusal.code);
    if (rule === 'never') {
      this.#end({ code: refusal?.code, reason: error.message });
      return;
    }
    if (rule === 'auth') {
      this.#onTokenRefused(troubleOf(error), refusal?.retryAfterMs);
      return;
    }
    this.#troubles.failed(troubleOf(error));
    this.#openLater(refusal?.retryAfterMs);
  }

  #onTokenRefused(trouble: Trouble, retryAfterMs: number | undefined): void {
    this.#refusals += 1;
    this.#session.refuse();
    // The first token of an app that was closed for long has usually expired: that is no failure yet.
    if (this.#refusals > 1 || trouble.code !== 'TOKEN_EXPIRED') this.#troubles.failed(trouble);
    if (this.#refusals > MAX_REFUSALS) {
      this.#end({ code: 'UNAUTHENTICATED', reason: trouble.reason });
    } else if (this.#refusals === 1) {
      void this.#open();
    } else this.#openLater(retryAfterMs);
  }

  #report(state: ConnectionState): void {
    if (!this.#hasStopped) this.#events.onState(state);
  }

  /** A call, because the answer changes during an `await`. */
  #isOver(): boolean {
    return this.#hasEnded;
  }

  #reportWaiting(): void {
    const isRepeated = this.#hasConnected || this.#attempt > 0;
    const isDraining = this.#goodbye?.code === 'UNAVAILABLE';
    const status = isDraining ? 'draining' : isRepeated ? 'reconnecting' : 'connecting';
    this.#report({ status, ...this.#troubles.current });
  }

  async #open(): Promise<void> {
    clearTimeout(this.#reconnectTimer);
    this.#reconnectTimer = undefined;
    // A second handshake on the same transport would make a second session.
    if (this.#hasEnded || this.#isOpening || this.#socket.connected) return;
    this.#isOpening = true;
    this.#reportWaiting();
    const isReady = await this.#session.prepare(this.#refusals > 0 ? 'refused' : 'connect');
    if (this.#isOver()) return;
    if (!isReady) {
      this.#isOpening = false;
      // Logged where `getToken` was called.
      this.#troubles.current = tokenTrouble(this.#tokens);
      this.#openLater();
      return;
    }
    this.#handshakeTimer = setTimeout(() => this.#abandon(SILENT), HANDSHAKE_TIMEOUT_MS);
    this.#socket.connect();
    // Socket.IO tells nothing of an engine that closes before it has opened.
    const { engine } = this.#socket.io;
    const onClose = (): void => {
      if (this.#isOpening && !this.#hasEnded) this.#abandon(CUT);
    };
    engine.once('close', onClose);
    engine.once('open', () => engine.off('close', onClose));
  }

  /** Gives up a handshake. */
  #abandon(trouble: Trouble): void {
    clearTimeout(this.#handshakeTimer);
    this.#isOpening = false;
    this.#socket.disconnect();
    this.#troubles.failed(trouble);
    this.#openLater();
  }

  #openLater(afterMs = 0): void {
    if (this.#hasEnded || this.#reconnectTimer !== undefined) return;
    const waitMs = Math.max(afterMs, this.#goodbye?.afterMs ?? 0, backoffMs(this.#attempt, RECONNECT));
    this.#attempt += 1;
    this.#reportWaiting();
    this.#reconnectTimer = setTimeout(() => void this.#open(), waitMs);
  }

  /** Ends the connection until the app starts another one. */
  #end(state: Omit<ConnectionState, 'status'>): void {
    if (this.#hasEnded) return;
    this.#troubles.ended(state);
    this.#hasEnded = true;
    this.#close();
    this.#report({ status: 'ended', ...state });
  }

  #close(): void {
    clearTimeout(this.#reconnectTimer);
    clearTimeout(this.#handshakeTimer);
    this.#session.pause();
    this.#socket.disconnect();
  }

  async #emit<Name extends CommandName>(
    name: Name,
    payload: CommandPayload<Name>,
    { timeoutMs = ANSWER_TIMEOUT_MS }: AskOptions = {},
  ): Promise<LinkAnswer<Name>> {
    if (!this.#socket.connected) return OFFLINE;
    return this.#enqueue(async () => {
      if (!this.#socket.connected) return OFFLINE;
      try {
        const answer: unknown = await this.#socket.timeout(timeoutMs).emitWithAck(name, payload);
        return toAnswer<Name>(answer);
      } catch (error) {
        return {
          success: false,
          code: 'TIMEOUT',
          error: error instanceof Error ? error.message : 'no answer',
        };
      }
    });
  }

  readonly ask: Ask = async (name, payload, options) => {
    const answer = await this.#emit(name, payload, options);
    if (answer.success || retryRuleOf(answer.code) !== 'auth') return answer;
    return (await this.#session.renewRefused()) ? this.#emit(name, payload, options) : answer;
  };

  tell(name: 'typing', payload: CommandPayload<'typing'>): void {
    if (this.#socket.connected) this.#socket.volatile.emit(name, payload);
  }

  start(): void {
    if (this.#hasStarted || this.#hasEnded) return;
    this.#hasStarted = true;
    this.#events.onLeader(true);
    void this.#open();
  }

  stop(): void {
    this.#hasStopped = true;
    this.#hasEnded = true;
    this.#close();
  }

  hurry(): void {
    if (!this.#hasStarted || this.#goodbye !== undefined) return;
    this.#attempt = Math.min(this.#attempt, 1);
    void this.#open();
  }

  restart(): void {
    if (!this.#socket.connected) return;
    this.#troubles.lost(SILENT);
    this.#socket.disconnect();
  }

  settle(): void {
    this.#attempt = 0;
    this.#refusals = 0;
    this.#troubles.forget();
  }
}
