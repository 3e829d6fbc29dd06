/**
 * Keeping people safe from each other: block, unmatch, report, and what one shows of oneself.
 *
 * @import { Ask, Privacy, Store, User } from './types.js'
 */
import { outcomeOf } from './answers.js';

export const REPORT_REASONS = /** @type {const} */ ({
  spam: 'Spam',
  harassment: 'Harassment or threats',
  nudity: 'Nudity',
  scam: 'A scam',
  underage: 'Somebody under age',
  other: 'Something else',
});

/**
 * @typedef {{ users: User[], nextCursor?: string }} BlockedPage
 *
 * @param {{ store: Store, ask: Ask, onBlocked: () => void }} parts `onBlocked`: other things may be seen in groups now
 */
export function createSafety({ store, ask, onBlocked }) {
  /** @param {string} event @param {object} payload */
  const settle = async (event, payload) => outcomeOf(await ask(event, payload));

  return {
    /**
     * @param {string} userId
     * @param {boolean} blocked
     */
    async block(userId, blocked) {
      const outcome = await settle('blockUser', { userId, blocked });
      if (!('error' in outcome)) onBlocked();
      return outcome;
    },

    /**
     * @param {string} [cursor]
     * @returns {Promise<{ error: string } | BlockedPage>}
     */
    async blocked(cursor) {
      const outcome = await settle('getBlocked', cursor === undefined ? {} : { cursor });
      return 'error' in outcome ? outcome : outcome.data;
    },

    /** @param {string} conversationId */
    async unmatch(conversationId) {
      const outcome = await settle('unmatch', { conversationId });
      if (!('error' in outcome)) store.dispatch({ type: 'removed', conversationId });
      return outcome;
    },

    /**
     * Either somebody, or a message.
     *
     * @param {({ userId: string } | { conversationId: string, seq: number }) & { reason: string, comment?: string }} report
     */
    report: (report) => settle('report', report),

    /** @returns {Promise<{ error: string } | { privacy: Privacy }>} */
    async privacy() {
      const outcome = await settle('getPrivacy', {});
      return 'error' in outcome ? outcome : outcome.data;
    },

    /**
     * @param {Partial<Privacy>} settings
     * @returns {Promise<{ error: string } | { privacy: Privacy }>}
     */
    async updatePrivacy(settings) {
      const outcome = await settle('updatePrivacy', settings);
      return 'error' in outcome ? outcome : outcome.data;
    },
  };
}
