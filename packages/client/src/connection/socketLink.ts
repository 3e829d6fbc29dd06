/**
 * The socket, and the one loop that brings it back. Socket.IO's own reconnection is off: it does not return after a refused
 * handshake or a disconnect by the server, and knows nothing of tokens and of servers that say when to return.
 */
import { io, type Socket } from 'socket.io-client';
import type { ParleyLogger } from '../api/options.js';
import { retryRuleOf } from '../errors/parleyError.js';
import type { ConnectionState } from '../state/types.js';
import type { CommandName, CommandPayload, Goodbye } from '../wire/index.js';
import { backoffMs } from './backoff.js';
import { closeRuleOf } from './closeRules.js';
import { createCommandQueue } from './commandQueue.js';
import { MAX_TIMEOUT_MS } from './elapsed.js';
import type { AskOptions, ClientFailure, Link, LinkAnswer, LinkEvents } from './link.js';
import { goodbyeIn, refusalIn, toAnswer, type Refusal } from './parseSocket.js';
import type { Tokens, TokenResult } from './tokens.js';

const ANSWER_TIMEOUT_MS = 10_000;
const RECONNECT = { firstMs: 400, maxMs: 8_000 };
/** Commands in progress at a time. */
const MAX_COMMANDS = 16;
/** After a token was refused this often in a row, a new one will be refused, too. */
const MAX_REFUSALS = 5;

const OFFLINE: ClientFailure = { success: false, code: 'OFFLINE', error: 'There is no connection.' };

export interface SocketLinkDeps {
  url: string;
  tokens: Tokens;
  events: LinkEvents;
  logger: ParleyLogger;
  transports?: readonly ('websocket' | 'polling')[] | undefined;
}

// A table of the socket's events; its parts share the state of one connection.
// eslint-disable-next-line max-lines-per-function
export function createSocketLink({ url, tokens, events, logger, transports }: SocketLinkDeps): Link {
  let token: string | undefined;
  const socket: Socket = io(url, {
    autoConnect: false,
    reconnection: false,
    forceNew: true,
    transports: [...(transports ?? ['websocket', 'polling'])],
    tryAllTransports: true,
    auth: (give) => give({ token }),
  });
  const enqueue = createCommandQueue(MAX_COMMANDS);
  let reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  let renewalTimer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let renewalAttempt = 0;
  let refusals = 0;
  let hasStarted = false;
  let hasEnded = false;
  let isOpening = false;
  let hasConnected = false;
  /** What the server said before it ended the connection. */
  let goodbye: Goodbye | undefined;
  let refreshing: Promise<boolean> | undefined;

  const report = (state: ConnectionState): void => {
    if (!hasEnded) events.onState(state);
  };

  function clearTimers(): void {
    clearTimeout(reconnectTimer);
    clearTimeout(renewalTimer);
    reconnectTimer = undefined;
    renewalTimer = undefined;
  }

  function end(state: Omit<ConnectionState, 'status'>): void {
    if (hasEnded) return;
    logger.warn('the connection has ended', { ...state });
    report({ status: 'ended', ...state });
    hasEnded = true;
    clearTimers();
    socket.disconnect();
  }

  const waitingStatus = (): ConnectionState['status'] => {
    if (goodbye?.code === 'UNAVAILABLE') return 'draining';
    return hasConnected || attempt > 0 ? 'reconnecting' : 'connecting';
  };

  /** Uses a token for the next handshake. Returns false when it is for a user that this client is not for. */
  function adopt(result: TokenResult): boolean {
    if (result === 'failed') return false;
    if (result === 'signedOut') {
      end({ code: 'SIGNED_OUT', reason: 'getToken gave no token.' });
      return false;
    }
    const { value, userId } = result.token;
    if (userId !== undefined && !events.onUser(userId)) {
      end({ code: 'SIGNED_OUT', reason: 'The token is for another user.' });
      return false;
    }
    token = value;
    renewLater(result.token.freshForMs());
    return true;
  }

  async function open(): Promise<void> {
    clearTimeout(reconnectTimer);
    reconnectTimer = undefined;
    if (hasEnded || isOpening || socket.active) return;
    isOpening = true;
    report({ status: waitingStatus() });
    const isReady = adopt(await tokens.get(refusals > 0 ? 'refused' : 'connect'));
    isOpening = false;
    if (hasEnded) return;
    if (isReady) socket.connect();
    else openLater();
  }

  function openLater(afterMs = 0): void {
    if (hasEnded || reconnectTimer !== undefined) return;
    const waitMs = Math.max(afterMs, goodbye?.afterMs ?? 0, backoffMs(attempt, RECONNECT));
    attempt += 1;
    report({ status: waitingStatus() });
    reconnectTimer = setTimeout(() => void open(), waitMs);
  }

  function renewLater(afterMs: number): void {
    clearTimeout(renewalTimer);
    if (!Number.isFinite(afterMs)) return;
    renewalTimer = setTimeout(
      () => void (afterMs > MAX_TIMEOUT_MS ? renewLater(afterMs - MAX_TIMEOUT_MS) : refresh('expiring')),
      Math.min(Math.max(0, afterMs), MAX_TIMEOUT_MS),
    );
  }

  /** Gives the open connection a new token. Calls at the same time share one. @returns whether the server has accepted it */
  function refresh(reason: 'expiring' | 'refused'): Promise<boolean> {
    refreshing ??= refreshNow(reason).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  }

  async function refreshNow(reason: 'expiring' | 'refused'): Promise<boolean> {
    // Without a connection, the next handshake renews the token.
    if (!socket.connected || hasEnded) return false;
    const result = await tokens.renew(reason);
    if (!adopt(result)) {
      if (result === 'failed') renewLater(backoffMs(renewalAttempt++, RECONNECT));
      return false;
    }
    renewalAttempt = 0;
    if (!socket.connected || token === undefined) return false;
    const answer = await emit('auth:refresh', { token });
    if (answer.success) return true;
    if (retryRuleOf(answer.code) === 'auth') refuseToken();
    socket.disconnect();
    return false;
  }

  function refuseToken(): void {
    refusals += 1;
    if (token !== undefined) tokens.refuse(token);
  }

  /** The server delivers nothing until the session is renewed; what was missed is fetched then. */
  async function renewExpired(): Promise<void> {
    if (token !== undefined) tokens.refuse(token);
    if (await refresh('expiring')) events.onOnline();
  }

  function emit<Name extends CommandName>(
    name: Name,
    payload: CommandPayload<Name>,
    { timeoutMs = ANSWER_TIMEOUT_MS }: AskOptions = {},
  ): Promise<LinkAnswer<Name>> {
    if (!socket.connected) return Promise.resolve(OFFLINE);
    return enqueue(async () => {
      if (!socket.connected) return OFFLINE;
      try {
        const answer: unknown = await socket.timeout(timeoutMs).emitWithAck(name, payload);
        return toAnswer<Name>(answer);
      } catch (error) {
        return { success: false, code: 'TIMEOUT', error: error instanceof Error ? error.message : 'no answer' };
      }
    });
  }

  function onRefusal(refusal: Refusal | undefined, message: string): void {
    const rule = refusal === undefined ? 'same' : retryRuleOf(refusal.code);
    if (rule === 'auth') {
      refuseToken();
      if (refusals > MAX_REFUSALS) {
        return end({ code: 'UNAUTHENTICATED', reason: 'The server does not accept the token.' });
      }
    } else if (rule === 'never') {
      return end({ ...(refusal !== undefined && { code: refusal.code }), reason: message });
    }
    // The first refused token is replaced at once: an app that was closed for long begins with an expired one.
    if (rule === 'auth' && refusals === 1) void open();
    else openLater(refusal?.retryAfterMs);
  }

  socket.on('connect', () => {
    goodbye = undefined;
    hasConnected = true;
    report({ status: 'syncing' });
    events.onOnline();
  });
  socket.on('disconnect', (_reason, details: unknown) => {
    if (hasEnded) return;
    events.onOffline();
    const rule = closeRuleOf(details);
    if (rule?.reconnect === false) return end({ code: rule.code, reason: 'The server has ended this connection.' });
    openLater(rule?.afterMs);
  });
  socket.on('connect_error', (error: Error) => {
    if (!hasEnded) onRefusal(refusalIn(error), error.message);
  });
  socket.onAny((name: string, answer: unknown) => {
    const data = toAnswer(answer);
    if (!data.success || hasEnded) return;
    if (name === 'auth:expired' || name === 'server:draining' || name === 'connection:ended') {
      onGoodbye(name, goodbyeIn(data.data));
    }
    events.onPush(name, data.data);
  });

  function onGoodbye(name: string, said: Goodbye | undefined): void {
    if (said === undefined) return;
    if (!said.reconnect) return end({ code: said.code, reason: said.reason });
    if (name === 'auth:expired') return void renewExpired();
    goodbye = said;
    if (name === 'server:draining') report({ status: 'draining' });
  }

  return {
    start() {
      if (hasStarted) return;
      hasStarted = true;
      events.onLeader(true);
      void open();
    },

    hurry() {
      if (!hasStarted || hasEnded || socket.connected || goodbye !== undefined) return;
      attempt = Math.min(attempt, 1);
      void open();
    },

    stop() {
      hasEnded = true;
      clearTimers();
      socket.disconnect();
    },

    restart() {
      if (socket.connected) socket.disconnect();
    },

    settle() {
      attempt = 0;
      refusals = 0;
    },

    async ask(name, payload, options) {
      const answer = await emit(name, payload, options);
      if (answer.success || retryRuleOf(answer.code) !== 'auth') return answer;
      if (token !== undefined) tokens.refuse(token);
      return (await refresh('refused')) ? emit(name, payload, options) : answer;
    },

    tell(name, payload) {
      if (socket.connected) socket.volatile.emit(name, payload);
    },
  };
}
