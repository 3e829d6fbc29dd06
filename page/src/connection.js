/**
 * The socket, and the one loop that brings it back. Socket.IO's own reconnection is off: it does not come back after
 * a refused handshake or a disconnect by the server, and knows nothing of tokens and of servers that say when to
 * return.
 *
 * @import { Answer, Connection, Goodbye } from './types.js'
 * @import { Session } from './session.js'
 */
import { backoffMs } from './backoff.js';
import { retryOf } from './errors.js';

const ACK_TIMEOUT_MS = 10_000;
const RETURN = { firstMs: 400, maxMs: 8_000 };
/** Questions under way at a time; the others wait for their turn, as the server would refuse too many at once. */
const MAX_UNDER_WAY = 16;
/**
 * Close codes of the server: whether to come back, and after how long. Any other loss: come back.
 *
 * @type {Record<number, { reconnect: boolean, afterMs: number, reason: string }>}
 */
const CLOSE_CODES = {
  4001: { reconnect: true, afterMs: 2_000, reason: 'The connection was too slow.' },
  4002: { reconnect: false, afterMs: 0, reason: 'There are too many open windows and devices.' },
  4003: { reconnect: true, afterMs: 30_000, reason: 'Too much was asked of the server.' },
};
/** After a token was refused this often in a row, a new one will not do either. */
const MAX_REFUSALS = 5;

/**
 * @typedef {object} ConnectionParts
 * @property {any} io Socket.IO's client
 * @property {Session} session
 * @property {(session: Session) => Promise<Session | undefined>} renew
 * @property {(connection: Connection) => void} onChange
 * @property {() => void} onOnline the connection is there (again): time to `sync`
 * @property {() => void} onOffline
 * @property {(event: string, data: any) => void} onPush
 *
 * @param {ConnectionParts} parts
 */
export function createConnection(parts) {
  let { session } = parts;
  const socket = parts.io({
    autoConnect: false,
    reconnection: false,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    auth: (/** @type {(auth: object) => void} */ give) => give({ token: session.token }),
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let attempt = 0;
  let refusals = 0;
  let ended = false;
  /** What the server said before it let go. @type {Goodbye | undefined} */
  let goodbye;
  /** @type {Promise<boolean> | undefined} */
  let renewing;
  let underWay = 0;
  /** Questions that wait for their turn. @type {(() => void)[]} */
  const queue = [];

  function open() {
    clearTimeout(timer);
    timer = undefined;
    if (ended || socket.connected) return;
    parts.onChange({ status: attempt === 0 && goodbye === undefined ? 'connecting' : 'waiting' });
    socket.connect();
  }

  /** @param {number} [afterMs] not before */
  function openLater(afterMs = 0) {
    if (ended || timer !== undefined) return;
    const waitMs = Math.max(afterMs, goodbye?.afterMs ?? 0, backoffMs(attempt, RETURN));
    parts.onChange({ status: goodbye?.code === 'UNAVAILABLE' ? 'draining' : 'waiting' });
    attempt += 1;
    timer = setTimeout(open, waitMs);
  }

  /** @param {string} reason */
  function end(reason) {
    ended = true;
    clearTimeout(timer);
    socket.disconnect();
    parts.onChange({ status: 'ended', reason });
  }

  /**
   * Gets a new token; calls at the same time share one.
   *
   * @returns {Promise<boolean>} false while the server cannot be reached
   */
  function renew() {
    renewing ??= parts
      .renew(session)
      .then(
        (renewed) => {
          if (renewed === undefined) end('The token is no longer valid.');
          else session = renewed;
          return renewed !== undefined;
        },
        () => false,
      )
      .finally(() => {
        renewing = undefined;
      });
    return renewing;
  }

  /** Brings a new token to the connection that is there; what was missed meanwhile is fetched. */
  async function refresh() {
    if (!(await renew()) || !socket.connected) return;
    const answer = await emit('auth:refresh', { token: session.token });
    if (answer.success) parts.onOnline();
    else socket.disconnect();
  }

  /**
   * @param {string} event
   * @param {object} payload
   * @returns {Promise<Answer>} never rejects: no answer in time is an answer, too
   */
  async function emit(event, payload) {
    if (socket.connected && underWay >= MAX_UNDER_WAY) {
      await new Promise((resolve) => queue.push(() => resolve(undefined)));
    }
    underWay += 1;
    const answer = await emitNow(event, payload);
    underWay -= 1;
    queue.shift()?.();
    return answer;
  }

  /**
   * @param {string} event
   * @param {object} payload
   * @returns {Promise<Answer>}
   */
  async function emitNow(event, payload) {
    if (!socket.connected) return { success: false, code: 'OFFLINE', error: 'There is no connection.' };
    try {
      return await socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, payload);
    } catch {
      return { success: false, code: 'TIMEOUT', error: 'The server has not answered.' };
    }
  }

  socket.on('connect', () => {
    goodbye = undefined;
    parts.onChange({ status: 'online' });
    parts.onOnline();
  });
  socket.on(
    'disconnect',
    (/** @type {string} */ _reason, /** @type {{ context?: { code?: number } } | undefined} */ details) => {
      parts.onOffline();
      const closed = CLOSE_CODES[details?.context?.code ?? 0];
      if (closed?.reconnect === false) return end(closed.reason);
      openLater(closed?.afterMs);
    },
  );
  socket.on(
    'connect_error',
    async (/** @type {Error & { data?: { code?: string, retryAfterMs?: number } }} */ error) => {
      const code = error.data?.code;
      if (code !== undefined && retryOf(code) === 'auth') {
        refusals += 1;
        if (refusals > MAX_REFUSALS) return end('The server does not accept the token.');
        await renew();
      } else if (code !== undefined && retryOf(code) === 'never') return end(error.message);
      openLater(error.data?.retryAfterMs);
    },
  );
  socket.on('auth:expired', (/** @type {{ data: Goodbye }} */ { data }) => {
    if (data.reconnect) void refresh();
    else end(data.reason);
  });
  for (const event of ['server:draining', 'connection:ended']) {
    socket.on(event, (/** @type {{ data: Goodbye }} */ { data }) => {
      if (!data.reconnect) return end(data.reason);
      goodbye = data;
      if (event === 'server:draining') parts.onChange({ status: 'draining' });
    });
  }
  socket.onAny((/** @type {string} */ event, /** @type {any} */ answer) => {
    if (answer?.success === true) parts.onPush(event, answer.data);
  });

  return {
    start: open,

    /** Comes back now rather than after the next wait: the network is there, or somebody looks. */
    hurry() {
      if (ended || socket.connected || goodbye !== undefined) return;
      attempt = Math.min(attempt, 1);
      open();
    },

    /** Ends the connection for good: the user of this page leaves. */
    stop() {
      ended = true;
      clearTimeout(timer);
      socket.disconnect();
    },

    /** What looks open and does not answer is closed, and opened again. */
    restart() {
      if (socket.connected) socket.disconnect();
    },

    /** The connection has proved itself: the next loss begins with short waits again. */
    settle() {
      attempt = 0;
      refusals = 0;
    },

    /**
     * Asks the server. A refused token is renewed once, and the question asked again.
     *
     * @param {string} event
     * @param {object} payload
     */
    async ask(event, payload) {
      const answer = await emit(event, payload);
      if (answer.success || retryOf(answer.code) !== 'auth') return answer;
      await refresh();
      return emit(event, payload);
    },

    /** Tells the server something that nobody waits for. @param {string} event @param {object} payload */
    tell(event, payload) {
      if (socket.connected) socket.volatile.emit(event, payload);
    },
  };
}
