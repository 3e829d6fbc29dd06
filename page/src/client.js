/**
 * Joins the parts of the client behind one store: what the views may do is what this gives back. Knows no document.
 *
 * @import { Session } from './session.js'
 */
import { keepCache } from './cache.js';
import { createConnection } from './connection.js';
import { reasonOf } from './errors.js';
import { createGroups } from './groups.js';
import { createHistory } from './history.js';
import { createListActions } from './listActions.js';
import { createMessageActions } from './messageActions.js';
import { createNews } from './news.js';
import { createOutbox } from './outbox.js';
import { createPresence } from './presence.js';
import { createReceipts } from './receipts.js';
import { createSafety } from './safety.js';
import { createSearch } from './search.js';
import { renewSession, writeSession } from './session.js';
import { browserArea, createStorage, dropCachesOfOthers } from './storage.js';
import { createState, createStore } from './store.js';
import { createSync } from './sync.js';
import { createTyping } from './typing.js';
import { createViewing } from './viewing.js';

/**
 * @param {Session} session
 * @param {any} io
 * @param {{ onRemoved: (name: string) => void }} events
 */
export function createClient(session, io, { onRemoved }) {
  const store = createStore(createState(session.userId));
  const storage = createStorage(browserArea(), session.userId);
  let hasLeft = false;
  const connection = createConnection({
    io,
    session,
    async renew(old) {
      const renewed = await renewSession(old);
      if (renewed !== undefined && !hasLeft) writeSession(renewed);
      return renewed;
    },
    onChange: (change) => store.dispatch({ type: 'connection', connection: change }),
    onOnline: () => sync.start(),
    onOffline() {
      for (const part of [sync, outbox, receipts, presence, viewing]) part.stop();
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
    onPush: (event, data) => news.take(event, data),
    onSynced() {
      connection.settle();
      history.retryAll();
      for (const id of Object.keys(store.getState().conversations)) history.complete(id);
      const { openId } = store.getState();
      if (openId !== undefined) void news.show(openId);
    },
    onSettled() {
      outbox.start();
      receipts.start();
      presence.start();
      viewing.start();
    },
    onForget: () => storage.dropCache(),
    onSilence: () => connection.restart(),
  });
  const news = createNews({ store, ask, history, typing, onRemoved, onStranger: () => sync.run() });
  const viewing = createViewing({ store, ask, onLooked: (id) => history.complete(id) });

  return {
    store,
    outbox,
    typing,
    history,
    loadMore: sync.loadMore,
    groups: createGroups({ store, ask }),
    messages: createMessageActions({ store, ask, history }),
    list: createListActions({ store, ask }),
    safety: createSafety({ store, ask, onBlocked: news.refetchGroups }),
    search: createSearch({ store, ask }),

    start() {
      dropCachesOfOthers(browserArea(), session.userId);
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

    /** Ends the connection, and removes what this browser keeps of the user. */
    leave() {
      hasLeft = true;
      storage.wipe();
      connection.stop();
    },

    /** @param {string | undefined} id */
    async open(id) {
      store.dispatch({ type: 'opened', conversationId: id });
      if (id === undefined) return;
      await news.show(id);
      const { conversations, openId } = store.getState();
      if (openId === id && conversations[id]?.isMarkedUnread) {
        await ask('updateSettings', { conversationId: id, markedUnread: false }).then((answer) => {
          if (answer.success) store.dispatch({ type: 'settings', settings: answer.data.settings });
        });
      }
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
      if (!answer.success) return { error: reasonOf(answer.code) ?? answer.error };
      const { conversation } = answer.data;
      store.dispatch({ type: 'conversations', conversations: [conversation] });
      return { id: conversation._id };
    },
  };
}

/** @typedef {ReturnType<typeof createClient>} Client */
