/**
 * Names as the page shows them. Pure.
 *
 * @import { ClientState, ConversationRecord, UserView } from '@parley/client'
 */
import { peerOf as peerIn, userOf } from '@parley/client/selectors';
import { isolate, showControls } from './bidi.js';
import { SYSTEM_ID } from './ids.js';

/**
 * The other user of a direct conversation, or the group itself.
 *
 * @param {ConversationRecord} conversation
 * @returns {UserView}
 */
export function peerOf(conversation) {
  const peer = peerIn(conversation);
  return conversation.type === 'direct' ? peer : { ...peer, name: peer.name ?? 'Group' };
}

/** @param {UserView} user */
export const nameOf = (user) => showControls(user.name ?? user._id);

/** The app's own notices have no user behind them. @param {ClientState} state @param {string} userId @returns {UserView} */
export function senderOf(state, userId) {
  const user = userOf(state, userId);
  return userId === SYSTEM_ID ? { ...user, name: user.name ?? 'The app' } : user;
}

/** @param {ClientState} state @param {string} userId */
export const nameFor = (state, userId) => nameOf(senderOf(state, userId));

/** A name inside of a sentence: it cannot reorder the words around it. @param {UserView} user */
export const nameWithin = (user) => isolate(nameOf(user));

/** @param {ClientState} state @param {string} userId */
export const nameWithinFor = (state, userId) => nameWithin(senderOf(state, userId));
