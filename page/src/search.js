/**
 * Finding what was said, in one conversation or in all.
 *
 * @import { Ask, Message, Store } from './types.js'
 */
import { outcomeOf } from './answers.js';

const PAGE = 30;

/**
 * @typedef {object} Wanted
 * @property {string} [words]
 * @property {string} [conversationId]
 * @property {string} [senderId]
 *
 * @typedef {{ error: string } | { messages: Message[], nextCursor?: string }} Found
 *
 * @param {{ store: Store, ask: Ask }} parts
 */
export const createSearch = ({ store, ask }) => ({
  /**
   * A page, the newest first.
   *
   * @param {Wanted} wanted
   * @param {string} [cursor]
   * @returns {Promise<Found>}
   */
  async find(wanted, cursor) {
    const outcome = outcomeOf(
      await ask('searchMessages', { ...wanted, limit: PAGE, ...(cursor !== undefined && { cursor }) }),
    );
    if ('error' in outcome) return outcome;
    store.dispatch({
      type: 'people',
      people: outcome.data.messages.flatMap((/** @type {Message} */ { sender }) => sender ?? []),
    });
    return outcome.data;
  },
});
