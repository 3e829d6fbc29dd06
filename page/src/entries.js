/**
 * Places of a log as they come from the server, made into what is kept here. Pure functions.
 *
 * @import { Change, Entry, Message, Quote, Reaction } from './types.js'
 */
import { cutText } from './graphemes.js';

/**
 * What may not be seen is kept as a place, so that nobody looks for a message that seems to be missing.
 *
 * @param {Entry} entry
 * @returns {Message}
 */
export function toMessage(entry) {
  if (entry.kind !== 'hidden') return /** @type {Message} */ (entry);
  return hiddenPlace(entry.conversationId, entry.seq);
}

/**
 * @param {string} conversationId
 * @param {number} seq
 * @returns {Message}
 */
export const hiddenPlace = (conversationId, seq) => ({
  _id: '',
  conversationId,
  seq,
  kind: 'hidden',
  senderId: '',
  clientMessageId: `hidden-${seq}`,
  content: '',
  status: 'sent',
  createdAt: '',
});

/**
 * A message with a change. One that shows a newer one already stays as it is.
 *
 * @param {Message} held
 * @param {Change} change
 * @param {{ me: string, isLarge: boolean }} viewer
 * @returns {Message}
 */
export function changed(held, change, viewer) {
  if (held.kind === 'hidden' || (held.rev ?? 0) > change.rev) return held;
  const next = toMessage(change.message);
  if (next.kind === 'hidden') return next;
  return {
    ...next,
    // Quotes are not told again with a change.
    ...(next.quoted === undefined && held.quoted !== undefined && { quoted: held.quoted }),
    status: held.status,
    reactions: withOwn(next.reactions ?? [], held.reactions ?? [], { change, viewer }),
    rev: change.rev,
  };
}

/**
 * In large groups and channels all hear the same, so that one's own reactions are not marked: they are known here.
 *
 * @param {Reaction[]} reactions
 * @param {Reaction[]} known
 * @param {{ change: Change, viewer: { me: string, isLarge: boolean } }} news
 */
function withOwn(reactions, known, { change, viewer }) {
  if (!viewer.isLarge || reactions.some(({ own }) => own)) return reactions;
  const mine = new Set(known.filter(({ own }) => own).map(({ emoji }) => emoji));
  if (change.kind === 'reaction' && change.userId === viewer.me && change.emoji !== undefined) {
    if (change.on === true) mine.add(change.emoji);
    else mine.delete(change.emoji);
  }
  return reactions.map((reaction) => (mine.has(reaction.emoji) ? { ...reaction, own: true } : reaction));
}

/**
 * A reply whose quoted message has changed: what was deleted is nowhere any more.
 *
 * @param {Message} message
 * @param {Message} quoted as it is now
 * @returns {Message}
 */
export function requoted(message, quoted) {
  if (message.replyTo !== quoted.seq || message.kind === 'hidden') return message;
  return { ...message, quoted: quoteOf(quoted) };
}

const QUOTE_CHARS = 200;

/**
 * @param {Message} message
 * @returns {Quote}
 */
export function quoteOf({ seq, kind, senderId, content, deletedAt }) {
  if (kind === 'hidden') return { seq, kind };
  if (deletedAt !== undefined) return { seq, kind: 'deleted', senderId };
  return { seq, kind, senderId, content: cutText(content, QUOTE_CHARS) };
}
