/**
 * The part of the reducer that keeps the conversations: the list, what `sync` says, what one has set for oneself. Pure
 * functions.
 *
 * @import { ConversationView, ListAnswer, SettingsView, State, SyncAnswer } from './types.js'
 */
import { mergeView, noteMessage, noteSettings } from './conversations.js';
import { messageAt, newestRun } from './log.js';
import { meet, updateConversation, withKey } from './records.js';
import { hide } from './reduceMessages.js';
import { unreadHeld } from './selectors.js';

/** Messages kept of a conversation that is not open: enough to open it at once. */
const KEPT_WHEN_CLOSED = 300;

/**
 * @param {State} state
 * @param {ConversationView} view
 * @returns {State}
 */
export function takeView(state, view) {
  const known = state.conversations[view._id];
  const log = state.logs[view._id] ?? [];
  let merged = mergeView(state.me, known, view);
  // Where nothing is held there is nothing that a change could have changed.
  if (log.length === 0) merged = { ...merged, seenRev: merged.rev };
  // What is held already may be newer than the view, or have come before the conversation was known.
  const newest = log.findLast(({ kind }) => kind !== 'hidden');
  if (newest !== undefined) merged = noteMessage(state.me, merged, newest);
  const shown = merged.lastMessage && messageAt(log, merged.lastMessage.seq);
  if (shown !== undefined) merged = { ...merged, lastMessage: shown };
  const taken = { ...state, conversations: { ...state.conversations, [view._id]: merged } };
  const hasTurned = known !== undefined && known.isBlocked !== merged.isBlocked;
  return meet(hasTurned ? dropGroupLogs(taken) : taken, view.members);
}

/**
 * Whoever blocks somebody sees no more of them in groups: what is held of those is loaded again.
 *
 * @param {State} state
 */
function dropGroupLogs(state) {
  const groups = Object.values(state.conversations).filter(({ type }) => type !== 'direct');
  return groups.reduce((dropped, { id }) => dropLog(dropped, id), state);
}

/**
 * @param {State} state
 * @param {string} id
 */
export const dropLog = (state, id) =>
  updateConversation({ ...state, logs: withKey(state.logs, id, undefined) }, id, (conversation) => ({
    ...conversation,
    seenRev: conversation.rev,
  }));

/**
 * @param {State} state
 * @param {ListAnswer} answer
 * @param {boolean} first
 * @returns {State}
 */
export function takeList(state, answer, first) {
  const listed = answer.conversations.reduce(takeView, state);
  return countTotal(
    {
      ...listed,
      listCursor: answer.nextCursor,
      listComplete: answer.nextCursor === undefined,
      listed: true,
      ...(first && { cursor: answer.syncCursor }),
    },
    answer.totalUnread,
  );
}

/**
 * @param {State} state
 * @param {SyncAnswer} answer
 * @returns {State}
 */
export function takeSync(state, answer) {
  let synced = answer.conversations.reduce(takeView, state);
  for (const settings of answer.settings) synced = takeSettings(synced, settings);
  for (const id of answer.removed) synced = remove(synced, id);
  return countTotal({ ...synced, cursor: answer.cursor, epoch: answer.epoch }, answer.totalUnread);
}

/**
 * @param {State} state
 * @param {SettingsView} settings
 */
export function takeSettings(state, settings) {
  const id = settings.conversationId;
  if (settings.deleted === true) return remove(state, id);
  const before = state.conversations[id]?.visibleFromSeq ?? 0;
  const noted = updateConversation(state, id, (conversation) =>
    noteSettings(state.me, conversation, settings),
  );
  const cleared = clear(noted, id, before);
  return hide(cleared, id, settings.hiddenSeqs ?? []);
}

/**
 * What was cleared is not shown any more.
 *
 * @param {State} state
 * @param {string} id
 * @param {number} before the place from which on one could see until now
 */
function clear(state, id, before) {
  const conversation = state.conversations[id];
  if (conversation === undefined || conversation.visibleFromSeq <= before) return state;
  const from = conversation.visibleFromSeq;
  const log = state.logs[id];
  const left = log?.filter(({ seq }) => seq >= from);
  const cleared = left === undefined ? state : { ...state, logs: { ...state.logs, [id]: left } };
  return updateConversation(cleared, id, (known) =>
    (known.lastMessage?.seq ?? from) < from ? { ...known, lastMessage: undefined } : known,
  );
}

/**
 * @param {State} state
 * @param {string} id
 * @returns {State}
 */
export const remove = (state, id) => ({
  ...state,
  conversations: withKey(state.conversations, id, undefined),
  logs: withKey(state.logs, id, undefined),
  openId: state.openId === id ? undefined : state.openId,
});

/**
 * The server counts over all conversations that are not muted: what is not unread in those held here is unread elsewhere.
 *
 * @param {State} state
 * @param {number} totalUnread
 * @returns {State}
 */
const countTotal = (state, totalUnread) => ({
  ...state,
  unreadElsewhere: state.listComplete ? 0 : Math.max(0, totalUnread - unreadHeld(state)),
});

/**
 * @param {State} state
 * @param {string | undefined} id
 * @returns {State}
 */
export function open(state, id) {
  if (id === state.openId) return state;
  const opened = { ...state, openId: id };
  const left = state.openId === undefined ? undefined : state.logs[state.openId];
  if (left === undefined || state.openId === undefined || left.length <= KEPT_WHEN_CLOSED) return opened;
  const from = Math.max(newestRun(left)?.from ?? 0, left[left.length - KEPT_WHEN_CLOSED].seq);
  const kept = left.filter(({ seq }) => seq >= from);
  return { ...opened, logs: { ...state.logs, [state.openId]: kept } };
}
