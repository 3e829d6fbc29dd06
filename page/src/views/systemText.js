/**
 * What happened to a group, as a line. Pure.
 *
 * @import { ClientState, Message } from '@parley/client'
 */
import { nameWithinFor } from '../names.js';
import { isolate, showControls } from '../bidi.js';

const ROLES = { owner: 'the owner', admin: 'an admin', member: 'a member' };
const MAX_NAMES = 4;

/**
 * @param {ClientState} state
 * @param {Message} message
 * @returns {string | undefined} undefined when there is nothing to tell
 */
export function systemText(state, { senderId, action }) {
  if (action === undefined) return undefined;
  const who = (/** @type {string} */ id) => (id === state.userId ? 'you' : nameWithinFor(state, id));
  const doer = capital(who(senderId));
  switch (action.type) {
    case 'created':
      return action.name === undefined
        ? `${doer} created this group`
        : `${doer} created “${quoted(action.name)}”`;
    case 'added':
      return `${doer} added ${namesOf(action.userIds, who)}`;
    case 'joined':
      return `${doer} joined`;
    case 'left':
      return action.successor === undefined
        ? `${doer} left`
        : `${doer} left. ${capital(who(action.successor))} ${isAre(action.successor, state.userId)} the owner now`;
    case 'removed':
      return `${doer} removed ${namesOf(action.userIds, who)}`;
    case 'role':
      return `${doer} made ${who(action.userId)} ${ROLES[action.role]}`;
    case 'renamed':
      return `${doer} named the group “${quoted(action.name)}”`;
    case 'avatar':
      return `${doer} ${action.avatar === undefined ? 'took the picture away' : 'changed the picture'}`;
    case 'settings':
      return `${doer} changed the group’s rules`;
    case 'reopened':
      return 'You can write to each other again';
    default:
      return undefined;
  }
}

/** @param {string} name */
const quoted = (name) => isolate(showControls(name));

/**
 * @param {string} id
 * @param {string} me
 */
const isAre = (id, me) => (id === me ? 'are' : 'is');

/** @param {string} text */
const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/**
 * @param {readonly string[]} ids
 * @param {(id: string) => string} who
 */
function namesOf(ids, who) {
  const names = ids.slice(0, MAX_NAMES).map(who);
  const more = ids.length - names.length;
  const parts = more > 0 ? [...names, `${more} more`] : names;
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
