/**
 * Lifetime of download URLs. They are signed as of the start of the current window, so that the same file has the same URL
 * for a while: browsers and CDNs keep what they have loaded when a message is read again. A URL is valid for 10 to 15
 * minutes when it is handed out.
 */
const WINDOW_MS = 5 * 60_000;
const VALID_MS = 15 * 60_000;

export interface UrlWindow {
  signedAt: Date;
  expiresAt: Date;
  validSeconds: number;
}

/** Returns the window of a moment. */
export function urlWindow(nowMs = Date.now()): UrlWindow {
  const startMs = Math.floor(nowMs / WINDOW_MS) * WINDOW_MS;
  return {
    signedAt: new Date(startMs),
    expiresAt: new Date(startMs + VALID_MS),
    validSeconds: VALID_MS / 1_000,
  };
}
