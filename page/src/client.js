/**
 * The SDK's client of this window's user, with the one thing that is the page's own: which conversation is displayed.
 *
 * @import { OccasionInput, ParleyStorage } from '@parley/client'
 * @import { Session } from './session.js'
 */
import { createParleyClient, ParleyError } from '@parley/client';
import { sharedTabs } from '@parley/client/tabs';
import { fileUploads } from '@parley/client/uploads';
import { pendingOf } from '@parley/client/selectors';
import { tokensOf } from './session.js';

/** Codes with which the server refuses a conversation that is not the user's. */
const REFUSED = new Set(['NOT_FOUND', 'NOT_PARTICIPANT', 'FORBIDDEN', 'VALIDATION']);

/**
 * @param {Session} session
 * @param {ParleyStorage} storage
 */
export function createClient(session, storage) {
  const tokens = tokensOf(session);
  const parley = createParleyClient({
    url: location.origin,
    userId: session.userId,
    getToken: tokens.get,
    storage,
    tabs: sharedTabs(),
    uploads: fileUploads(),
  });
  const state = parley.state.getSnapshot;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {string | undefined} */
  let openId;
  let before = state();

  const notify = () => {
    for (const listener of listeners) listener();
  };

  /** @param {string | undefined} id */
  function display(id) {
    if (id === openId) return;
    if (openId !== undefined) parley.conversation(openId).close();
    openId = id;
    notify();
  }

  /** The displayed conversation is closed when it has left the state, but not when the whole cache was dropped. */
  function closeWhatIsGone() {
    const now = state();
    const isGone =
      openId !== undefined &&
      before.conversations[openId] !== undefined &&
      now.conversations[openId] === undefined &&
      before.generation === now.generation;
    before = now;
    if (isGone) display(undefined);
  }

  /**
   * Closes a conversation that the server refuses for good, unless something unsent is in it: that is never hidden.
   *
   * @param {string} id
   */
  async function closeIfRefused(id) {
    try {
      await parley.conversations.get(id);
    } catch (error) {
      const isRefused = error instanceof ParleyError && REFUSED.has(error.code);
      if (isRefused && openId === id && pendingOf(state(), id).length === 0) display(undefined);
    }
  }

  parley.state.subscribe(() => {
    closeWhatIsGone();
    notify();
  });
  // Tests of the page fail on anything that it reports.
  parley.on('violation', (violation) =>
    console.error('The server broke a promise', JSON.stringify(violation)),
  );
  parley.on('connectionStateChanged', ({ status }) => {
    if (status === 'online' && openId !== undefined && state().conversations[openId] === undefined)
      void closeIfRefused(openId);
  });

  return {
    parley,
    state,
    /** The displayed conversation. */
    openId: () => openId,

    /**
     * Calls back when the state or the displayed conversation has changed.
     *
     * @param {() => void} listener
     * @returns {() => void} ends it
     */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /**
     * Displays a conversation, or none.
     *
     * @param {string | undefined} id
     */
    async open(id) {
      if (id === openId) return;
      display(id);
      if (id === undefined) return;
      // What could not be loaded shows in the list of messages; a connection that comes later tries again.
      await parley
        .conversation(id)
        .open()
        .catch(() => {});
      if (openId === id && state().conversations[id] === undefined) await closeIfRefused(id);
    },

    /** Ends the connection, and removes what this browser holds of the user. */
    async leave() {
      tokens.stop();
      await parley.logout();
    },

    /**
     * @param {string} otherUserId
     * @param {OccasionInput} [occasion]
     * @returns {Promise<string>} the id of the conversation
     */
    async startChat(otherUserId, occasion) {
      const { conversation } = await parley.conversations.getOrCreateDirect(otherUserId, { occasion });
      return conversation.id;
    },
  };
}

/** @typedef {ReturnType<typeof createClient>} Client */
