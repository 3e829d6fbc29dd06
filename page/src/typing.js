/**
 * Who is typing: told at most every few seconds while somebody types, and once when they stop; heard notices fade by
 * themselves, as the last one may be lost.
 *
 * @import { Store } from './types.js'
 */

const REPEAT_MS = 3_000;
const IDLE_MS = 5_000;

/**
 * @param {{ store: Store, tell: (event: string, payload: object) => void }} parts
 */
export function createTyping({ store, tell }) {
  /** @type {string | undefined} */
  let conversationId;
  let toldAtMs = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let idle;
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  const fading = new Map();

  function stopped() {
    clearTimeout(idle);
    if (conversationId !== undefined) tell('typing', { conversationId, typing: false });
    conversationId = undefined;
    toldAtMs = -Infinity;
  }

  return {
    /** A key was struck in the composer. @param {string} id */
    typed(id) {
      if (conversationId !== id) stopped();
      conversationId = id;
      clearTimeout(idle);
      idle = setTimeout(stopped, IDLE_MS);
      if (performance.now() - toldAtMs < REPEAT_MS) return;
      toldAtMs = performance.now();
      tell('typing', { conversationId: id, typing: true });
    },

    stopped,

    /**
     * @param {{ conversationId: string, userId: string, typing: boolean, expiresInMs: number }} news
     */
    heard({ conversationId: id, userId, typing, expiresInMs }) {
      clearTimeout(fading.get(id));
      fading.delete(id);
      store.dispatch({ type: 'typing', conversationId: id, userId, typing });
      if (!typing) return;
      const fade = () => store.dispatch({ type: 'typing', conversationId: id, userId, typing: false });
      fading.set(id, setTimeout(fade, expiresInMs));
    },
  };
}
