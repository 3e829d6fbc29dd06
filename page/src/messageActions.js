/**
 * What people do with messages after they were sent, and who has got them.
 *
 * @import { Ask, Message, Store, User } from './types.js'
 * @import { Outcome } from './answers.js'
 */
import { outcomeOf } from './answers.js';

/** @typedef {Pick<Message, 'conversationId' | 'seq'>} Spot */

/**
 * @param {{ store: Store, ask: Ask, history: { complete: (id: string) => void } }} parts
 */
export function createMessageActions({ store, ask, history }) {
  /**
   * The answer shows the message at once; the walk through the changes then says that none was missed.
   *
   * @param {string} event
   * @param {Spot & Record<string, unknown>} payload
   * @returns {Promise<Outcome>}
   */
  async function change(event, payload) {
    const answer = await ask(event, payload);
    if (answer.success) {
      store.dispatch({ type: 'change', change: answer.data.change, isAnswer: true });
      history.complete(payload.conversationId);
    }
    return outcomeOf(answer);
  }

  /** @param {Spot} message */
  const placeOf = ({ conversationId, seq }) => ({ conversationId, seq });

  return {
    /**
     * @param {Spot} message
     * @param {string} content
     */
    edit: (message, content) => change('editMessage', { ...placeOf(message), content }),

    /**
     * @param {Spot} message
     * @param {string} emoji
     * @param {boolean} on
     */
    react: (message, emoji, on) => change('react', { ...placeOf(message), emoji, on }),

    /**
     * @param {Spot} message
     * @param {boolean} pinned
     */
    pin: (message, pinned) => change('pinMessage', { ...placeOf(message), pinned }),

    /**
     * @param {Spot} message
     * @param {'me' | 'everyone'} whom
     */
    async remove(message, whom) {
      const place = placeOf(message);
      const answer = await ask('deleteMessage', { ...place, for: whom });
      if (answer.success && whom === 'everyone') {
        store.dispatch({
          type: 'head',
          conversationId: place.conversationId,
          lastSeq: 0,
          rev: answer.data.rev,
        });
        history.complete(place.conversationId);
      } else if (answer.success) store.dispatch({ type: 'hidden', ...place });
      return outcomeOf(answer);
    },

    /**
     * @param {Spot} message
     * @returns {Promise<{ error: string } | { edits: { content: string, at: string }[] }>}
     */
    async edits(message) {
      const outcome = outcomeOf(await ask('getEdits', placeOf(message)));
      return 'error' in outcome ? outcome : outcome.data;
    },

    /**
     * @param {Spot} message
     * @returns {Promise<{ error: string } | { reactions: { emoji: string, user: User }[] }>}
     */
    async reactions(message) {
      const outcome = outcomeOf(await ask('getReactions', placeOf(message)));
      return 'error' in outcome ? outcome : outcome.data;
    },

    /**
     * @param {Spot} message
     * @returns {Promise<{ error: string } | Receipts>}
     */
    async receipts(message) {
      const outcome = outcomeOf(await ask('getReceipts', placeOf(message)));
      return 'error' in outcome ? outcome : outcome.data;
    },
  };
}

/**
 * @typedef {object} Receipts
 * @property {number} readCount
 * @property {number} deliveredCount
 * @property {number} recipientCount
 * @property {{ userId: string, user: User, readAt?: string, deliveredAt?: string }[]} [members]
 */
