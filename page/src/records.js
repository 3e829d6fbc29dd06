/**
 * Small changes of plain records, as the reducer makes them. Pure functions.
 *
 * @import { Conversation, State } from './types.js'
 */

/**
 * The same record with a key set, or taken out.
 *
 * @template Value
 * @param {Record<string, Value>} record
 * @param {string} key
 * @param {Value | undefined} value
 * @returns {Record<string, Value>}
 */
export function withKey(record, key, value) {
  if (record[key] === value) return record;
  const { [key]: _old, ...rest } = record;
  return value === undefined ? rest : { ...rest, [key]: value };
}

/**
 * @param {State} state
 * @param {string} id
 * @param {(conversation: Conversation) => Conversation} change
 * @returns {State}
 */
export function updateConversation(state, id, change) {
  const known = state.conversations[id];
  if (known === undefined) return state;
  const changed = change(known);
  if (changed === known) return state;
  return { ...state, conversations: { ...state.conversations, [id]: changed } };
}

/**
 * @param {State} state
 * @param {readonly import('./types.js').User[]} people
 * @returns {State}
 */
export function meet(state, people) {
  const news = people.filter(({ _id, name, avatar }) => {
    const known = state.people[_id];
    return (name !== undefined || avatar !== undefined) && (known?.name !== name || known?.avatar !== avatar);
  });
  if (news.length === 0) return state;
  const met = news.map(({ _id, name, avatar }) => [_id, { _id, name, avatar }]);
  return { ...state, people: { ...state.people, ...Object.fromEntries(met) } };
}
