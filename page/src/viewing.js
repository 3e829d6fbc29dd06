/**
 * Tells the server which large group or channel this window looks at: its messages come live only while it does. Said
 * again on every connection.
 *
 * @import { Ask, Store } from './types.js'
 */

/**
 * @param {{ store: Store, ask: Ask, onLooked: (id: string) => void }} parts
 */
export function createViewing({ store, ask, onLooked }) {
  let isOnline = false;
  /** @type {string | undefined} */
  let looked;

  function look() {
    if (!isOnline) return;
    const { openId, conversations } = store.getState();
    const next = openId !== undefined && conversations[openId]?.isLarge === true ? openId : undefined;
    if (next === looked) return;
    if (looked !== undefined) void ask('watchConversation', { conversationId: looked, watching: false });
    looked = next;
    if (next !== undefined) void enter(next);
  }

  /** @param {string} conversationId */
  async function enter(conversationId) {
    const answer = await ask('watchConversation', { conversationId, watching: true });
    if (looked !== conversationId) return;
    if (answer.success) {
      store.dispatch({ type: 'head', ...answer.data });
      onLooked(conversationId);
    } else looked = undefined;
  }

  store.subscribe(look);

  return {
    start() {
      isOnline = true;
      looked = undefined;
      look();
    },
    stop() {
      isOnline = false;
    },
  };
}
