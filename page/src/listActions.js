/**
 * What a person does with their own list of conversations.
 *
 * @import { Ask, Store } from './types.js'
 * @import { Filter } from './selectors.js'
 */
import { outcomeOf } from './answers.js';

const PAGE = 50;

/**
 * @typedef {object} Settings
 * @property {boolean} [pinned]
 * @property {string | null} [mutedUntil] `null` unmutes
 * @property {boolean} [archived]
 * @property {boolean} [markedUnread]
 *
 * @param {{ store: Store, ask: Ask }} parts
 */
export function createListActions({ store, ask }) {
  /** Where the pages of a filtered list go on; `null` at their end. @type {Map<Filter, string | null>} */
  const cursors = new Map();

  /**
   * @param {string} event
   * @param {object} payload
   */
  async function settle(event, payload) {
    const answer = await ask(event, payload);
    if (answer.success) store.dispatch({ type: 'settings', settings: answer.data.settings });
    return outcomeOf(answer);
  }

  return {
    /**
     * @param {string} conversationId
     * @param {Settings} settings
     */
    set: (conversationId, settings) => settle('updateSettings', { conversationId, ...settings }),

    /** Hides everything said so far. @param {string} conversationId */
    clear: (conversationId) => settle('clearHistory', { conversationId }),

    /** Clears it and takes it off the list until the next message. @param {string} conversationId */
    async remove(conversationId) {
      const outcome = await settle('deleteConversation', { conversationId });
      if (!('error' in outcome)) store.dispatch({ type: 'removed', conversationId });
      return outcome;
    },

    /**
     * The next page of a filtered list.
     *
     * @param {Filter} filter
     * @param {boolean} [isFresh] from the start
     */
    async load(filter, isFresh = false) {
      const cursor = isFresh ? undefined : cursors.get(filter);
      if (filter === 'all' || cursor === null) return;
      const { era } = store.getState();
      const answer = await ask('getConversations', {
        limit: PAGE,
        filter,
        ...(cursor !== undefined && { cursor }),
      });
      if (!answer.success || store.getState().era !== era) return;
      cursors.set(filter, answer.data.nextCursor ?? null);
      store.dispatch({ type: 'conversations', conversations: answer.data.conversations });
    },
  };
}
