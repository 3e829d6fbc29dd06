/**
 * Joins the parts of the client behind one store: what the views may do is what this gives back. Knows no document.
 *
 * @import { Session } from './session.js'
 */
import { keepCache } from './cache.js';
import { createConnection } from './connection.js';
import { retryOf } from './errors.js';
import { createHistory } from './history.js';
import { createOutbox } from './outbox.js';
import { createPresence } from './presence.js';
import { createReceipts } from './receipts.js';
import { pendingOf } from './selectors.js';
import { renewSession, writeSession } from './session.js';
import { browserArea, createStorage } from './storage.js';
import { createState, createStore } from './store.js';
import { createSync } from './sync.js';
import { createTyping } from './typing.js';

/**
 * @param {Session} session
 * @param {any} io
 */
export function createClient(session, io) {
  const store = createStore(createState(session.userId));
  const storage = createStorage(browserArea(), session.userId);
  const connection = createConnection({
    io,
    session,
    async renew(old) {
      const renewed = await renewSession(old);
      if (renewed !== undefined) writeSession(renewed);
      return renewed;
    },
    onChange: (change) => store.dispatch({ type: 'connection', connection: change }),
    onOnline: () => sync.start(),
    onOffline() {
      for (const part of [sync, outbox, receipts, presence]) part.stop();
    },
    onPush: (event, data) => sync.push(event, data),
  });
  const { ask, tell } = connection;
  const history = createHistory({ store, ask, onReload: () => sync.reload() });
  const outbox = createOutbox({ store, storage, ask });
  const receipts = createReceipts({ store, ask });
  const presence = createPresence({ store, ask });
  const typing = createTyping({ store, tell });
  const sync = createSync({
    store,
    ask,
    onPush: take,
    onSynced() {
      connection.settle();
      history.retryAll();
      for (const id of Object.keys(store.getState().conversations)) history.complete(id);
      const { openId } = store.getState();
      if (openId !== undefined) void show(openId);
    },
    onSettled() {
      outbox.start();
      receipts.start();
      presence.start();
    },
    onForget: () => storage.dropCache(),
    onSilence: () => connection.restart(),
  });

  /**
   * Takes in what the server pushed.
   *
   * @param {string} event
   * @param {any} data
   */
  function take(event, data) {
    switch (event) {
      case 'message:new':
        store.dispatch({ type: 'message', message: data });
        meet(data.conversationId);
        break;
      case 'message:status':
        store.dispatch({ type: 'position', position: data });
        break;
      case 'conversation:created':
        store.dispatch({ type: 'conversations', conversations: [data.conversation] });
        break;
      case 'conversation:updated':
        if (data.conversation) store.dispatch({ type: 'conversations', conversations: [data.conversation] });
        store.dispatch({ type: 'head', ...data.head });
        meet(data.head.conversationId);
        break;
      case 'typing':
        typing.heard(data);
        break;
      case 'presence':
        store.dispatch({ type: 'presence', presences: [data] });
        break;
    }
  }

  /** News of a conversation: closes what is missing in it; one that is not known yet is fetched. @param {string} id */
  function meet(id) {
    if (store.getState().conversations[id] === undefined) void fetchConversation(id);
    else history.complete(id);
  }

  /** @param {string} conversationId */
  async function fetchConversation(conversationId) {
    const { era } = store.getState();
    const answer = await ask('getConversation', { conversationId });
    if (store.getState().era !== era) return;
    if (!answer.success) return refuse(conversationId, answer.code);
    store.dispatch({ type: 'conversations', conversations: [answer.data.conversation] });
    history.complete(conversationId);
    sync.run();
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

  /** @param {string} id */
  async function show(id) {
    if (store.getState().conversations[id] === undefined) await fetchConversation(id);
    const { conversations, connection: link } = store.getState();
    if (conversations[id] !== undefined && link.status === 'online') await history.open(id);
  }

  return {
    store,
    outbox,
    typing,
    history,
    loadMore: sync.loadMore,

    start() {
      const cached = storage.readCache();
      if (cached !== undefined) store.dispatch({ type: 'restored', cached });
      outbox.restore();
      const writeCache = keepCache(store, storage);
      addEventListener('pagehide', writeCache);
      addEventListener('storage', (change) => {
        const id = storage.removedElsewhere(change);
        if (id !== undefined) outbox.discard(id);
      });
      addEventListener('online', () => connection.hurry());
      document.addEventListener('visibilitychange', () => {
        if (document.hidden) return;
        connection.hurry();
        sync.run();
      });
      connection.start();
    },

    /** @param {string | undefined} id */
    open(id) {
      store.dispatch({ type: 'opened', conversationId: id });
      if (id !== undefined) void show(id);
    },

    /**
     * Somebody has seen the messages up to here.
     *
     * @param {string} conversationId
     * @param {number} seq
     */
    see(conversationId, seq) {
      store.dispatch({ type: 'seen', conversationId, seq });
    },

    /**
     * @param {string} otherUserId
     * @param {import('./types.js').Occasion | undefined} occasion
     * @returns {Promise<{ id: string } | { error: string }>}
     */
    async startChat(otherUserId, occasion) {
      const answer = await ask('getOrCreateDirect', { otherUserId, ...(occasion && { occasion }) });
      if (!answer.success) return { error: answer.error };
      const { conversation } = answer.data;
      store.dispatch({ type: 'conversations', conversations: [conversation] });
      return { id: conversation._id };
    },
  };
}

/** @typedef {ReturnType<typeof createClient>} Client */
