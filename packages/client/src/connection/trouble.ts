import type { ParleyLogger } from '../api/logger.js';
import type { ConnectionState } from '../state/types.js';
import { isObject, refusalIn } from './parseSocket.js';
import type { Tokens } from './tokens.js';

/** Cause of a failed attempt or of a lost connection, for developers. */
export interface Trouble {
  code?: ConnectionState['code'];
  reason: string;
}

/**
 * Returns the cause that Socket.IO's transport has noted: an HTTP status, the error of a WebSocket, or, in Node, the text of a
 * request that had no response. Browsers hide most of it.
 */
function transportCause(error: Error): string {
  const { description, context }: { message: string; description?: unknown; context?: unknown } = error;
  if (typeof description === 'number' && description > 0) return `HTTP status ${description}`;
  if (isObject(description) && typeof description['message'] === 'string') return description['message'];
  const text = isObject(context) ? String(context['responseText']) : '';
  return /^Error: (.+)/.exec(text)?.[1] ?? error.message;
}

/** Reads Socket.IO's `connect_error`: the server's own sentence, or why there was no server to say one. */
export function troubleOf(error: Error): Trouble {
  const refusal = refusalIn(error);
  if (refusal !== undefined) return { code: refusal.code, reason: error.message };
  // Socket.IO takes the path of its URL for a namespace.
  const cause = error.message === 'Invalid namespace' ? 'the URL has a path' : transportCause(error);
  return { code: 'OFFLINE', reason: `No Parley server has answered: ${cause}.` };
}

/** Without a code: the app's own backend has failed. */
export const tokenTrouble = ({ failure = 'unknown' }: Pick<Tokens, 'failure'>): Trouble => ({
  reason: `getToken failed: ${failure}`,
});

/** URL without what may be secret. */
const publicUrl = (url: string): string => url.replace(/[^/]*@|[?#].*/g, '');

/** The current trouble of a connection. A server that is away for hours is logged once. */
export class Troubles {
  readonly #logger: ParleyLogger;
  readonly #url: string;
  #logged: string | undefined;
  current: Trouble | undefined;

  constructor(logger: ParleyLogger, url: string) {
    this.#logger = logger;
    this.#url = publicUrl(url);
  }

  /** Keeps the cause of a failed attempt, and logs one that differs from the last. */
  failed(trouble: Trouble): void {
    this.current = trouble;
    if (trouble.reason === this.#logged) return;
    this.#logged = trouble.reason;
    this.#warn('failed', trouble);
  }

  /** Keeps the cause of a loss. The first one counts: the socket closes after it. */
  lost(trouble: Trouble): void {
    this.current ??= trouble;
  }

  ended(end: Omit<ConnectionState, 'status'>): void {
    this.#warn('has ended', end);
  }

  #warn(event: string, cause: object): void {
    this.#logger.warn(`the connection ${event}`, { ...cause, url: this.#url });
  }

  /** The connection has worked: its next failure is news. */
  forget(): void {
    this.#logged = undefined;
  }
}
