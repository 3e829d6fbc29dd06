/**
 * Who this tab is. The choice lives in `sessionStorage`: two windows can be two people.
 *
 * @import { TokenReason } from '@parley/client'
 * @import { DemoUser } from './api.js'
 */
import { fetchDemoUsers } from './api.js';

const KEY = 'parley.session';

/**
 * @typedef {object} Session
 * @property {string} userId
 * @property {string} token
 * @property {string | undefined} name
 * @property {boolean} isDemo
 */

/** @returns {Session | undefined} */
export function readSession() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {Session} session */
export function writeSession(session) {
  sessionStorage.setItem(KEY, JSON.stringify(session));
}

/** Removes what this tab holds of its user: the token, and every draft. */
export function clearTab() {
  for (const key of Object.keys(sessionStorage))
    if (key.startsWith('parley.')) sessionStorage.removeItem(key);
}

/**
 * @param {DemoUser} user
 * @returns {Session}
 */
export const demoSession = ({ _id, name, token }) => ({ userId: _id, name, token, isDemo: true });

/**
 * Reads who a token is for. It is not checked here: that is the server's business.
 *
 * @param {string} token
 * @returns {Session | undefined} undefined when this is no token
 */
export function tokenSession(token) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const { sub, name } = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof sub !== 'string' || sub === '') return undefined;
    return { userId: sub, name: typeof name === 'string' ? name : undefined, token, isDemo: false };
  } catch {
    return undefined;
  }
}

/**
 * Tokens of a session for the SDK: the one of the session until it expires or is refused, then new ones of the demo. The
 * session of this tab is kept current. An app asks its own backend here.
 *
 * @param {Session} session
 */
export function tokensOf(session) {
  let current = session;
  let isStopped = false;
  return {
    /**
     * @param {TokenReason} reason
     * @returns {Promise<string | undefined>} undefined when there is none to be had
     * @throws when the server cannot be reached
     */
    async get(reason) {
      if (reason === 'connect') return current.token;
      if (!current.isDemo) return undefined;
      const user = (await fetchDemoUsers()).find(({ _id }) => _id === session.userId);
      if (user === undefined) return undefined;
      current = demoSession(user);
      if (!isStopped) writeSession(current);
      return current.token;
    },

    /** The user has left this tab: no token is written to it any more. */
    stop() {
      isStopped = true;
    },
  };
}
