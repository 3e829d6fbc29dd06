/**
 * Close codes with which the server ends a WebSocket, whether to reconnect, and after how long. Clients of Socket.IO find
 * the code in the details of the `disconnect` event. Where the client can still be reached, `connection:ended` is sent
 * first. After a connection that ended without a code, reconnect.
 */
export const CLOSE_CODES = {
  SLOW: {
    status: 4001,
    reconnect: true,
    afterMs: 2_000,
    meaning: 'The client read too slowly and its buffer was full: reconnect, then `sync`.',
  },
  TOO_MANY_SOCKETS: {
    status: 4002,
    reconnect: false,
    afterMs: undefined,
    meaning:
      'The user opened more connections than allowed, and this was the oldest: reconnect only on user action.',
  },
  FLOODING: {
    status: 4003,
    reconnect: true,
    afterMs: 30_000,
    meaning:
      'The client kept sending commands that were refused: reconnect later, and honour `retryAfterMs`.',
  },
} as const satisfies Record<
  string,
  { status: number; reconnect: boolean; afterMs: number | undefined; meaning: string }
>;

export type CloseCode = keyof typeof CLOSE_CODES;
export const CLOSE_CODE_NAMES = Object.keys(CLOSE_CODES) as CloseCode[];
