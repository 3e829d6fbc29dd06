/**
 * The part of the reducer that keeps the logs: messages, pages of them, and what happens to them later. Pure functions.
 *
 * @import { Change, ChangesAnswer, Conversation, Entry, HiddenChange, Message, PageAnswer, State } from './types.js'
 */
import { noteEnd, noteMessage, wake } from './conversations.js';
import { changed, hiddenPlace, requoted, toMessage } from './entries.js';
import { indexOf, insert, messageAt } from './log.js';
import { meet, updateConversation, withKey } from './records.js';
import { unqueue } from './reduceOutbox.js';

/** @type {readonly Message[]} */
const NO_MESSAGES = [];

/**
 * @param {State} state
 * @param {string} id
 * @param {readonly Entry[]} entries
 * @returns {State}
 */
export function takeMessages(state, id, entries) {
  const messages = entries.map(toMessage);
  const log = state.logs[id] ?? [];
  const inserted = insert(log, messages);
  const own = new Set(
    messages.filter(({ senderId }) => senderId === state.me).map(({ clientMessageId }) => clientMessageId),
  );
  let taken =
    inserted === log && log.length > 0 ? state : { ...state, logs: { ...state.logs, [id]: inserted } };
  taken = unqueue(taken, (pending) => pending.conversationId === id && own.has(pending.clientMessageId));
  taken = updateConversation(taken, id, (conversation) =>
    messages.reduce((noted, message) => noteMessage(state.me, noted, message), conversation),
  );
  const senders = messages.flatMap(({ sender }) => sender ?? []);
  taken = meet(taken, senders);
  const typist = taken.typing[id];
  const hasSpoken = messages.some(({ senderId, seq }) => senderId === typist && log.at(-1)?.seq !== seq);
  return hasSpoken ? { ...taken, typing: withKey(taken.typing, id, undefined) } : taken;
}

/**
 * A message that came just now.
 *
 * @param {State} state
 * @param {Entry} entry
 */
export function takeNews(state, entry) {
  const { conversationId: id, seq } = entry;
  const isNew = seq > (state.conversations[id]?.lastSeq ?? 0);
  const taken = takeMessages(state, id, [entry]);
  return isNew ? updateConversation(taken, id, (known) => wake(known, toMessage(entry))) : taken;
}

/**
 * @param {State} state
 * @param {{ conversationId: string, answer: PageAnswer, seenRev: number | undefined }} page
 */
export function takePage(state, { conversationId: id, answer, seenRev }) {
  const taken = takeMessages(state, id, answer.messages);
  return updateConversation(taken, id, (conversation) => {
    const noted = noteEnd(conversation, answer.lastSeq);
    // What was changed while the page was on its way may be missing in it, and is asked for again.
    const shown = Math.min(noted.seenRev, seenRev ?? noted.seenRev);
    return shown === noted.seenRev ? noted : { ...noted, seenRev: shown };
  });
}

/**
 * A message that lies outside of what is loaded.
 *
 * @param {State} state
 * @param {Entry} entry
 * @returns {State}
 */
export const takeAside = (state, entry) => ({
  ...meet(state, entry.sender === undefined ? [] : [entry.sender]),
  aside: { ...state.aside, [asideKey(entry.conversationId, entry.seq)]: toMessage(entry) },
});

/**
 * @param {string} conversationId
 * @param {number} seq
 */
export const asideKey = (conversationId, seq) => `${conversationId}/${seq}`;

/**
 * @param {State} state
 * @param {Change | HiddenChange} change
 * @param {boolean} [isAnswer] an answer may be to what was so already: it takes no place among the changes
 */
export function takeChange(state, change, isAnswer = false) {
  return updateConversation(applyChange(state, change), change.conversationId, (conversation) => {
    const noted = noteEnd(conversation, 0, change.rev);
    const isNext = !isAnswer && change.rev === noted.seenRev + 1;
    return isNext ? { ...noted, seenRev: change.rev } : noted;
  });
}

/**
 * A page of changes that were missed.
 *
 * @param {State} state
 * @param {{ conversationId: string, afterRev: number, answer: ChangesAnswer }} page
 */
export function takeChanges(state, { conversationId, afterRev, answer }) {
  const applied = answer.changes.reduce(applyChange, state);
  const through = answer.hasMore ? (answer.changes.at(-1)?.rev ?? afterRev) : answer.rev;
  return updateConversation(applied, conversationId, (conversation) => ({
    ...noteEnd(conversation, 0, answer.rev),
    // What was thrown back meanwhile is not skipped.
    seenRev: conversation.seenRev < afterRev ? conversation.seenRev : Math.max(conversation.seenRev, through),
  }));
}

/**
 * @param {State} state
 * @param {Change | HiddenChange} change
 * @returns {State}
 */
function applyChange(state, change) {
  // Its number counts, and nothing else of it is for this viewer.
  if (change.kind === 'hidden') return state;
  const { conversationId: id, seq } = change;
  const conversation = state.conversations[id];
  const viewer = { me: state.me, isLarge: conversation?.isLarge ?? false };
  const log = state.logs[id] ?? NO_MESSAGES;
  let next = state;
  if (messageAt(log, seq) !== undefined) {
    next = { ...state, logs: { ...state.logs, [id]: changeLog(log, change, viewer) } };
  } else if (seq >= (log[0]?.seq ?? (conversation?.lastSeq ?? 0) + 1)) {
    // It lies in a hole: the change brings the message itself.
    next = takeMessages(state, id, [{ ...change.message, rev: change.rev }]);
  }
  next = { ...next, aside: changeAside(next.aside, change, viewer) };
  return updateConversation(next, id, (known) => notePin(notePreview(known, change, viewer), change));
}

/**
 * @param {Record<string, Message>} aside
 * @param {Change} change
 * @param {{ me: string, isLarge: boolean }} viewer
 */
const changeAside = (aside, change, viewer) =>
  Object.fromEntries(
    Object.entries(aside).map(([key, message]) => [
      key,
      message.conversationId === change.conversationId ? applied(message, change, viewer) : message,
    ]),
  );

/**
 * A message with a change of itself, or of what it quotes.
 *
 * @param {Message} message
 * @param {Change} change
 * @param {{ me: string, isLarge: boolean }} viewer
 */
function applied(message, change, viewer) {
  if (message.seq === change.seq) return changed(message, change, viewer);
  return isSaidAnew(change) ? requoted(message, toMessage(change.message)) : message;
}

/** @param {Change} change */
const isSaidAnew = ({ kind }) => kind === 'edit' || kind === 'delete';

/**
 * @param {readonly Message[]} log
 * @param {Change} change
 * @param {{ me: string, isLarge: boolean }} viewer
 */
function changeLog(log, change, viewer) {
  const index = indexOf(log, change.seq);
  const message = changed(log[index], change, viewer);
  if (message === log[index]) return log;
  const next = isSaidAnew(change) ? log.map((one) => requoted(one, message)) : [...log];
  next[index] = message;
  return next;
}

/**
 * @param {Conversation} conversation
 * @param {Change} change
 * @param {{ me: string, isLarge: boolean }} viewer
 */
function notePreview(conversation, change, viewer) {
  const { lastMessage } = conversation;
  if (lastMessage === undefined) return conversation;
  const message = applied(lastMessage, change, viewer);
  return message === lastMessage ? conversation : { ...conversation, lastMessage: message };
}

/**
 * @param {Conversation} conversation
 * @param {Change} change
 */
function notePin(conversation, change) {
  if (change.rev <= conversation.pinRev) return conversation;
  const others = conversation.pinnedMessages.filter((seq) => seq !== change.seq);
  if (change.kind === 'pin') {
    const pinnedMessages = change.on === true ? [...others, change.seq] : others;
    return { ...conversation, pinnedMessages, pinRev: change.rev };
  }
  return change.kind === 'delete' ? { ...conversation, pinnedMessages: others } : conversation;
}

/**
 * Places that one has deleted for oneself.
 *
 * @param {State} state
 * @param {string} id
 * @param {readonly number[]} seqs
 * @returns {State}
 */
export function hide(state, id, seqs) {
  if (seqs.length === 0) return state;
  const gone = new Set(seqs);
  const log = (state.logs[id] ?? NO_MESSAGES).map((message) =>
    gone.has(message.seq) ? hiddenPlace(id, message.seq) : message,
  );
  const hidden = state.logs[id] === undefined ? state : { ...state, logs: { ...state.logs, [id]: log } };
  return updateConversation(hidden, id, (conversation) => {
    if (!gone.has(conversation.lastMessage?.seq ?? 0)) return conversation;
    return { ...conversation, lastMessage: log.findLast(({ kind }) => kind !== 'hidden') };
  });
}
