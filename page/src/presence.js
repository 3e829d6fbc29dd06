/**
 * What is known of others at this moment. Pure.
 *
 * @import { ClientState } from '@parley/client'
 */
import { isConnected } from '@parley/client/selectors';

/**
 * The user who began to type last.
 *
 * @param {ClientState} state
 * @param {string | undefined} conversationId
 */
export const typistIn = (state, conversationId = '') => state.typing[conversationId]?.at(-1);

/**
 * Without a connection nothing is known.
 *
 * @param {ClientState} state
 * @param {string} userId
 */
export const isPresent = (state, userId) => isConnected(state) && state.presence[userId]?.status === 'online';
