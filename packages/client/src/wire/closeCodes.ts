export interface CloseRule {
  /** Status of the WebSocket's close frame. Socket.IO shows it in the details of `disconnect`. */
  status: number;
  reconnect: boolean;
  /** Milliseconds to wait before reconnecting. */
  afterMs: number | undefined;
}

/** Close codes with which the server ends a WebSocket. After a connection that ended without a code, reconnect. */
export const CLOSE_CODES = {
  SLOW: { status: 4001, reconnect: true, afterMs: 2_000 },
  TOO_MANY_SOCKETS: { status: 4002, reconnect: false, afterMs: undefined },
  FLOODING: { status: 4003, reconnect: true, afterMs: 30_000 },
} as const satisfies Record<string, CloseRule>;

export type CloseCode = keyof typeof CLOSE_CODES;
