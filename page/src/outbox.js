/**
 * Messages on their way. Each is kept by the browser before it is sent, goes out in order (one at a time per
 * conversation), and is sent again with the same id until the server has answered: only an answer whose code says
 * that the same again will never do makes it `failed`. So it is stored exactly once, however often it is sent.
 *
 * @import { Ask, Pending, Store } from './types.js'
 */
import { backoffMs } from './backoff.js';
import { retryOf } from './errors.js';
import { newClientMessageId } from './ids.js';
import { pendingOf } from './selectors.js';

const RETRY = { firstMs: 500, maxMs: 15_000 };

/**
 * @typedef {object} OutboxStorage
 * @property {() => Pending[]} readOutbox
 * @property {(entry: Pending) => boolean} writePending
 * @property {(clientMessageId: string) => void} removePending
 *
 * @param {{ store: Store, storage: OutboxStorage, ask: Ask }} parts
 */
export function createOutbox({ store, storage, ask }) {
  /** Conversations with a message under way, or waiting for its next attempt. @type {Map<string, ReturnType<typeof setTimeout> | 'under way'>} */
  const busy = new Map();
  /** @type {Map<string, number>} */
  const attempts = new Map();
  let ready = false;
  let lastOrder = 0;
  let shown = store.getState().outbox;

  // Whatever takes a message out of the outbox (its answer, its arrival from elsewhere), the browser forgets it too.
  store.subscribe(() => {
    const { outbox } = store.getState();
    if (outbox === shown) return;
    const left = new Set(outbox.map(({ clientMessageId }) => clientMessageId));
    const gone = shown.filter(({ clientMessageId }) => !left.has(clientMessageId));
    shown = outbox;
    for (const { clientMessageId } of gone) {
      attempts.delete(clientMessageId);
      storage.removePending(clientMessageId);
    }
  });

  /** @param {Pending} entry */
  function keep(entry) {
    storage.writePending(entry);
    store.dispatch({ type: 'queued', entries: [entry] });
  }

  /** @param {string} conversationId */
  function pump(conversationId) {
    if (!ready || busy.has(conversationId)) return;
    const next = pendingOf(store.getState(), conversationId).find(({ state }) => state === 'waiting');
    if (next !== undefined) void send(next);
  }

  function pumpAll() {
    const ids = new Set(store.getState().outbox.map(({ conversationId }) => conversationId));
    for (const id of ids) pump(id);
  }

  /** @param {Pending} entry */
  async function send(entry) {
    const { conversationId } = entry;
    busy.set(conversationId, 'under way');
    const answer = await ask('sendMessage', toPayload(entry));
    busy.delete(conversationId);
    if (answer.success) {
      store.dispatch({ type: 'message', message: answer.data });
      // A merged conversation answers under its new id.
      remove(entry.clientMessageId);
    } else if (retryOf(answer.code) === 'never') {
      fail(entry, answer.code);
    } else {
      wait(entry, answer.retryAfterMs);
    }
    pump(conversationId);
  }

  /**
   * @param {Pending} entry
   * @param {string} code
   */
  function fail(entry, code) {
    attempts.delete(entry.clientMessageId);
    storage.writePending({ ...entry, state: 'failed', code });
    store.dispatch({ type: 'failed', clientMessageId: entry.clientMessageId, code });
  }

  /**
   * @param {Pending} entry
   * @param {number | undefined} afterMs
   */
  function wait({ conversationId, clientMessageId }, afterMs) {
    if (!ready) return;
    const attempt = attempts.get(clientMessageId) ?? 0;
    attempts.set(clientMessageId, attempt + 1);
    const timer = setTimeout(
      () => {
        busy.delete(conversationId);
        pump(conversationId);
      },
      Math.max(afterMs ?? 0, backoffMs(attempt, RETRY)),
    );
    busy.set(conversationId, timer);
  }

  /** @param {string} clientMessageId */
  const remove = (clientMessageId) => store.dispatch({ type: 'unqueued', clientMessageId });

  return {
    /** Takes up what an earlier page left behind. */
    restore() {
      const entries = storage.readOutbox();
      lastOrder = Math.max(lastOrder, ...entries.map(({ order }) => order));
      store.dispatch({ type: 'queued', entries });
      // What turned out to be stored already was not taken up.
      const taken = new Set(store.getState().outbox.map(({ clientMessageId }) => clientMessageId));
      for (const { clientMessageId } of entries)
        if (!taken.has(clientMessageId)) storage.removePending(clientMessageId);
    },

    /**
     * @param {string} conversationId
     * @param {string} content
     * @param {Pick<Pending, 'replyTo' | 'attachments' | 'location' | 'card'>} [more]
     */
    add(conversationId, content, more = {}) {
      lastOrder = Math.max(lastOrder, ...storage.readOutbox().map(({ order }) => order)) + 1;
      keep({
        clientMessageId: newClientMessageId(),
        conversationId,
        content,
        ...more,
        order: lastOrder,
        createdAt: new Date().toISOString(),
        state: 'waiting',
      });
      pump(conversationId);
    },

    /**
     * Tries a failed message again, with the same id; an id that was used for another text has to give way.
     *
     * @param {string} clientMessageId
     */
    retry(clientMessageId) {
      const entry = store.getState().outbox.find((one) => one.clientMessageId === clientMessageId);
      if (entry?.state !== 'failed') return;
      const { code, ...rest } = entry;
      if (code === 'CONFLICT') remove(clientMessageId);
      keep({
        ...rest,
        state: 'waiting',
        clientMessageId: code === 'CONFLICT' ? newClientMessageId() : clientMessageId,
      });
      pump(entry.conversationId);
    },

    /** Gives a message up; or another tab has sent it, or given it up. */
    discard: remove,

    /** The connection is there: sends at once whatever waits. */
    start() {
      ready = true;
      for (const [conversationId, timer] of busy) {
        if (timer === 'under way') continue;
        clearTimeout(timer);
        busy.delete(conversationId);
      }
      attempts.clear();
      pumpAll();
    },

    /** The connection is gone: waits for the next `start`. */
    stop() {
      ready = false;
    },
  };
}

/**
 * What is sent of an entry.
 *
 * @param {Pending} entry
 */
const toPayload = ({ conversationId, clientMessageId, content, replyTo, attachments, location, card }) => ({
  conversationId,
  clientMessageId,
  content,
  ...(replyTo !== undefined && { replyTo }),
  ...(attachments !== undefined && { attachments }),
  ...(location !== undefined && { location }),
  ...(card !== undefined && { card }),
});
