/**
 * Groups and channels: making them, who is in them, what they are called.
 *
 * @import { Ask, Member, Role, Store } from './types.js'
 * @import { Outcome } from './answers.js'
 */
import { outcomeOf } from './answers.js';
import { newClientMessageId } from './ids.js';

const MEMBER_PAGE = 100;

/**
 * A sentence about people who could not be added; undefined where there are none.
 *
 * @param {readonly unknown[]} refused
 */
export const refusedText = ({ length }) =>
  length === 0 ? undefined : `${length === 1 ? '1 person' : `${length} people`} could not be added.`;

/**
 * @typedef {object} NewGroup
 * @property {'group' | 'channel'} type
 * @property {string} name
 * @property {string[]} participants
 * @property {string} [avatar]
 * @property {boolean} [open]
 * @property {'all' | 'joined'} [history]
 * @property {string} clientConversationId made once, repeated on every retry
 *
 * @typedef {{ members: Member[], memberCount: number, nextCursor?: string }} MemberPage
 *
 * @param {{ store: Store, ask: Ask }} parts
 */
export function createGroups({ store, ask }) {
  /**
   * @param {string} event
   * @param {object} payload
   * @returns {Promise<Outcome>}
   */
  async function settle(event, payload) {
    const answer = await ask(event, payload);
    if (answer.success) store.dispatch({ type: 'conversations', conversations: [answer.data.conversation] });
    return outcomeOf(answer);
  }

  return {
    newId: newClientMessageId,

    /** @param {NewGroup} group */
    create: (group) => settle('createGroup', group),

    /** @param {string} conversationId */
    join: (conversationId) => settle('joinConversation', { conversationId }),

    /**
     * @param {string} conversationId
     * @param {string[]} userIds
     */
    add: (conversationId, userIds) => settle('addMembers', { conversationId, userIds }),

    /**
     * @param {string} conversationId
     * @param {string} userId
     */
    remove: (conversationId, userId) => settle('removeMember', { conversationId, userId }),

    /**
     * @param {string} conversationId
     * @param {string} userId
     * @param {Role} role
     */
    setRole: (conversationId, userId, role) => settle('setRole', { conversationId, userId, role }),

    /**
     * @param {string} conversationId
     * @param {{ name?: string, avatar?: string | null, history?: 'all' | 'joined', open?: boolean }} change
     */
    update: (conversationId, change) => settle('updateConversation', { conversationId, ...change }),

    /** @param {string} conversationId */
    async leave(conversationId) {
      const answer = await ask('leaveConversation', { conversationId });
      if (answer.success) store.dispatch({ type: 'removed', conversationId });
      return outcomeOf(answer);
    },

    /**
     * A page of members: owner, admins, then the others.
     *
     * @param {string} conversationId
     * @param {string} [cursor]
     * @returns {Promise<{ error: string } | MemberPage>}
     */
    async members(conversationId, cursor) {
      const answer = await ask('getMembers', {
        conversationId,
        limit: MEMBER_PAGE,
        ...(cursor !== undefined && { cursor }),
      });
      const outcome = outcomeOf(answer);
      if ('error' in outcome) return outcome;
      store.dispatch({ type: 'people', people: outcome.data.members });
      return outcome.data;
    },
  };
}
