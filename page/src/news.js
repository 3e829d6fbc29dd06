/**
 * Takes in what the server pushes, and fetches the conversations that it speaks of.
 *
 * @import { Ask, Store } from './types.js'
 */
import { retryOf } from './errors.js';
import { nameWithin, otherOf, pendingOf } from './selectors.js';

/**
 * @typedef {object} NewsParts
 * @property {Store} store
 * @property {Ask} ask
 * @property {{ open: (id: string) => Promise<void>, complete: (id: string) => void }} history
 * @property {{ heard: (news: any) => void }} typing
 * @property {(name: string) => void} onRemoved one was shown out of a group
 * @property {() => void} onStranger a conversation that was not known has come
 *
 * @param {NewsParts} parts
 */
export function createNews({ store, ask, history, typing, onRemoved, onStranger }) {
  /** Conversations that are being fetched, and whether there was news of them meanwhile. @type {Map<string, boolean>} */
  const fetching = new Map();

  /** @param {string} id */
  const known = (id) => store.getState().conversations[id];

  /** News of a conversation: closes what is missing in it; one that is not known yet is fetched. @param {string} id */
  function meet(id) {
    if (known(id) === undefined) void fetchConversation(id);
    else history.complete(id);
  }

  /**
   * Something else than its messages is different. Calls while one is under way share the next.
   *
   * @param {string} id
   */
  async function refetch(id) {
    if (fetching.has(id)) return void fetching.set(id, true);
    fetching.set(id, false);
    await fetchConversation(id);
    const isAskedAgain = fetching.get(id);
    fetching.delete(id);
    if (isAskedAgain) await refetch(id);
  }

  /** @param {string} conversationId */
  async function fetchConversation(conversationId) {
    const { era } = store.getState();
    const isNew = known(conversationId) === undefined;
    const answer = await ask('getConversation', { conversationId });
    if (store.getState().era !== era) return;
    if (!answer.success) return refuse(conversationId, answer.code);
    store.dispatch({ type: 'conversations', conversations: [answer.data.conversation] });
    history.complete(conversationId);
    if (isNew) onStranger();
  }

  /**
   * A conversation that is not one's own is closed, unless something unsent is in it: that is never hidden.
   *
   * @param {string} id
   * @param {string} code
   */
  function refuse(id, code) {
    const state = store.getState();
    const isOver = retryOf(code) === 'never' && state.openId === id && pendingOf(state, id).length === 0;
    if (isOver) store.dispatch({ type: 'opened', conversationId: undefined });
  }

  /** What may be seen in groups has changed: what is held of them goes, the open one is loaded again. */
  function refetchGroups() {
    const { conversations, openId } = store.getState();
    for (const { id, type } of Object.values(conversations)) {
      if (type === 'direct') continue;
      store.dispatch({ type: 'logDropped', conversationId: id });
      void refetch(id);
      if (id === openId) void history.open(id);
    }
  }

  /** @param {any} data */
  function takeUpdate({ conversation, head, stale }) {
    const { conversationId: id } = head;
    const before = known(id);
    if (conversation) store.dispatch({ type: 'conversations', conversations: [conversation] });
    store.dispatch({ type: 'head', ...head });
    if (before !== undefined && before.isBlocked !== known(id)?.isBlocked) refetchGroups();
    meet(id);
    // Of a large group that is not open only the head is told: what the list shows of it is asked for.
    const isAsleep =
      before?.isLarge === true && store.getState().openId !== id && head.lastSeq > before.lastSeq;
    if (before !== undefined && conversation === undefined && (stale === true || isAsleep)) void refetch(id);
  }

  /** @param {any} data */
  function takeCreated({ conversation }) {
    store.dispatch({ type: 'conversations', conversations: [conversation] });
    // Who came in together was told the same: one's own role and sight are asked for.
    if (conversation.type !== 'direct') void refetch(conversation._id);
    history.complete(conversation._id);
  }

  /** @type {Record<string, (data: any) => void>} */
  const TAKERS = {
    'message:new'(message) {
      store.dispatch({ type: 'message', message });
      meet(message.conversationId);
    },
    'message:updated': takeChange,
    'message:deleted': takeChange,
    'message:reaction': takeChange,
    'message:status': (position) => store.dispatch({ type: 'position', position }),
    'conversation:created': takeCreated,
    'conversation:updated': takeUpdate,
    'conversation:settings'(settings) {
      store.dispatch({ type: 'settings', settings });
      // Deleted here, and brought back by a message since: the other devices say that it is there.
      if (settings.deleted !== true) meet(settings.conversationId);
    },
    'conversation:removed'({ conversationId, reason }) {
      const gone = known(conversationId);
      store.dispatch({ type: 'removed', conversationId });
      if (gone !== undefined && reason === 'removed') onRemoved(nameWithin(otherOf(gone)));
    },
    typing: (news) => typing.heard(news),
    presence: (news) => store.dispatch({ type: 'presence', presences: [news] }),
  };

  /** @param {any} change */
  function takeChange(change) {
    store.dispatch({ type: 'change', change });
    meet(change.conversationId);
  }

  return {
    /**
     * @param {string} event
     * @param {any} data
     */
    take(event, data) {
      if (Object.hasOwn(TAKERS, event)) TAKERS[event](data);
    },

    /** Opens a conversation, fetched first when it is not known. @param {string} id */
    async show(id) {
      if (known(id) === undefined) await fetchConversation(id);
      const { connection } = store.getState();
      if (known(id) !== undefined && connection.status === 'online') await history.open(id);
    },

    refetchGroups,
  };
}
