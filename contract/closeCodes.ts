/**
 * Why the server closes a WebSocket by itself: the close code (a client of Socket.IO finds it in the details of its
 * `disconnect` event), what to do, and how long to wait first. Where the client can still be reached, `connection:ended`
 * comes before it; behind a full buffer it could not. A connection that is cut without a code says nothing: come back.
 */
export const CLOSE_CODES = {
  SLOW: {
    status: 4001,
    reconnect: true,
    afterMs: 2_000,
    meaning: 'The client read too slowly and too much was waiting for it: come back, then `sync`.',
  },
  TOO_MANY_SOCKETS: {
    status: 4002,
    reconnect: false,
    afterMs: undefined,
    meaning:
      'The user opened more connections than allowed, and this was the oldest: come back only when a person asks.',
  },
  FLOODING: {
    status: 4003,
    reconnect: true,
    afterMs: 30_000,
    meaning:
      'The client went on asking although it was refused again and again: come back later, and honour `retryAfterMs`.',
  },
} as const satisfies Record<
  string,
  { status: number; reconnect: boolean; afterMs: number | undefined; meaning: string }
>;

export type CloseCode = keyof typeof CLOSE_CODES;
export const CLOSE_CODE_NAMES = Object.keys(CLOSE_CODES) as CloseCode[];
