/**
 * The reference reducer: everything the page knows, and how each piece of news changes it. Pure: no clock, no
 * storage, no network. News may come twice, late and in any order; the result is the same.
 *
 * @import { Action, Conversation, ListAnswer, Message, Pending, State, Store, SyncAnswer } from './types.js'
 */
import { mergeView, noteMessage, notePosition } from './conversations.js';
import { insert, newestRun } from './log.js';
import { unreadHeld } from './selectors.js';

/** Messages kept of a conversation that is not open: enough to open it at once. */
const KEPT_WHEN_CLOSED = 300;

/**
 * @param {string} me
 * @returns {State}
 */
export const createState = (me) => ({
  me,
  conversations: {},
  logs: {},
  outbox: [],
  reads: {},
  typing: {},
  presence: {},
  loading: {},
  openId: undefined,
  listCursor: undefined,
  listComplete: false,
  listed: false,
  unreadElsewhere: 0,
  cursor: undefined,
  epoch: undefined,
  era: 0,
  connection: { status: 'connecting' },
});

/**
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  switch (action.type) {
    case 'restored':
      return { ...state, ...action.cached, listed: true };
    case 'forgotten':
      return forget(state);
    case 'conversations':
      return action.conversations.reduce(takeView, state);
    case 'listed':
      return takeList(state, action.answer, action.first);
    case 'synced':
      return takeSync(state, action.answer);
    case 'message':
      return takeMessages(state, action.message.conversationId, [action.message]);
    case 'page':
      return takeHead(
        takeMessages(state, action.conversationId, action.answer.messages),
        action.conversationId,
        action.answer.lastSeq,
      );
    case 'head':
      return takeHead(state, action.conversationId, action.lastSeq);
    case 'position':
      return updateConversation(state, action.position.conversationId, (conversation) =>
        notePosition(state.me, conversation, action.position),
      );
    case 'opened':
      return open(state, action.conversationId);
    case 'seen':
      return see(state, action.conversationId, action.seq);
    case 'history':
      return { ...state, loading: withKey(state.loading, action.conversationId, loadingOf(action.state)) };
    case 'queued':
      return queue(state, action.entries);
    case 'failed':
      return updatePending(state, action.clientMessageId, { state: 'failed', code: action.code });
    case 'unqueued':
      return unqueue(state, ({ clientMessageId }) => clientMessageId === action.clientMessageId);
    case 'typing':
      return takeTyping(state, action);
    case 'presence':
      return takePresences(state, action.presences);
    case 'connection':
      return { ...state, connection: action.connection };
  }
}

/**
 * The only place where state lives.
 *
 * @param {State} initial
 * @returns {Store}
 */
export function createStore(initial) {
  let state = initial;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  return {
    getState: () => state,
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** @param {'loading' | 'failed' | 'idle'} state */
const loadingOf = (state) => (state === 'idle' ? undefined : state);

/**
 * The same record with a key set, or taken out.
 *
 * @template Value
 * @param {Record<string, Value>} record
 * @param {string} key
 * @param {Value | undefined} value
 * @returns {Record<string, Value>}
 */
function withKey(record, key, value) {
  if (record[key] === value) return record;
  const { [key]: _old, ...rest } = record;
  return value === undefined ? rest : { ...rest, [key]: value };
}

/**
 * Everything that came from the server goes; what was not sent yet stays.
 *
 * @param {State} state
 * @returns {State}
 */
const forget = (state) => ({
  ...createState(state.me),
  outbox: state.outbox,
  openId: state.openId,
  connection: state.connection,
  presence: state.presence,
  era: state.era + 1,
});

/**
 * @param {State} state
 * @param {string} id
 * @param {(conversation: Conversation) => Conversation} change
 * @returns {State}
 */
function updateConversation(state, id, change) {
  const known = state.conversations[id];
  if (known === undefined) return state;
  const changed = change(known);
  if (changed === known) return state;
  return { ...state, conversations: { ...state.conversations, [id]: changed } };
}

/**
 * @param {State} state
 * @param {import('./types.js').ConversationView} view
 * @returns {State}
 */
function takeView(state, view) {
  let merged = mergeView(state.me, state.conversations[view._id], view);
  // What is held already may be newer than the view, or have come before the conversation was known.
  const newest = state.logs[view._id]?.at(-1);
  if (newest !== undefined) merged = noteMessage(state.me, merged, newest);
  return { ...state, conversations: { ...state.conversations, [view._id]: merged } };
}

/**
 * @param {State} state
 * @param {ListAnswer} answer
 * @param {boolean} first
 * @returns {State}
 */
function takeList(state, answer, first) {
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
function takeSync(state, answer) {
  let synced = answer.conversations.reduce(takeView, state);
  for (const position of answer.own) synced = reduce(synced, { type: 'position', position });
  for (const id of answer.removed) synced = remove(synced, id);
  return countTotal({ ...synced, cursor: answer.cursor, epoch: answer.epoch }, answer.totalUnread);
}

/**
 * @param {State} state
 * @param {string} id
 * @returns {State}
 */
const remove = (state, id) => ({
  ...state,
  conversations: withKey(state.conversations, id, undefined),
  logs: withKey(state.logs, id, undefined),
  openId: state.openId === id ? undefined : state.openId,
});

/**
 * The server counts over all conversations: what is not unread in those held here is unread elsewhere.
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
 * @param {string} id
 * @param {Message[]} messages
 * @returns {State}
 */
function takeMessages(state, id, messages) {
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
  const typist = taken.typing[id];
  const hasSpoken = messages.some(({ senderId, seq }) => senderId === typist && log.at(-1)?.seq !== seq);
  return hasSpoken ? { ...taken, typing: withKey(taken.typing, id, undefined) } : taken;
}

/**
 * @param {State} state
 * @param {string} id
 * @param {number} lastSeq
 */
const takeHead = (state, id, lastSeq) =>
  updateConversation(state, id, (conversation) =>
    lastSeq > conversation.lastSeq ? { ...conversation, lastSeq } : conversation,
  );

/**
 * @param {State} state
 * @param {string | undefined} id
 * @returns {State}
 */
function open(state, id) {
  if (id === state.openId) return state;
  const opened = { ...state, openId: id };
  const left = state.openId === undefined ? undefined : state.logs[state.openId];
  if (left === undefined || state.openId === undefined || left.length <= KEPT_WHEN_CLOSED) return opened;
  const from = Math.max(newestRun(left)?.from ?? 0, left[left.length - KEPT_WHEN_CLOSED].seq);
  const kept = left.filter(({ seq }) => seq >= from);
  return { ...opened, logs: { ...state.logs, [state.openId]: kept } };
}

/**
 * @param {State} state
 * @param {string} id
 * @param {number} seq
 */
const see = (state, id, seq) =>
  seq > (state.reads[id] ?? 0) ? { ...state, reads: { ...state.reads, [id]: seq } } : state;

/**
 * @param {State} state
 * @param {readonly Pending[]} entries
 * @returns {State}
 */
function queue(state, entries) {
  const ids = new Set(entries.map(({ clientMessageId }) => clientMessageId));
  const others = state.outbox.filter(({ clientMessageId }) => !ids.has(clientMessageId));
  const unsent = entries.filter((entry) => !isHeld(state, entry));
  return { ...state, outbox: [...others, ...unsent].sort((a, b) => a.order - b.order) };
}

/**
 * Whether a message was stored after all: an earlier page may have gone away before it took it out of the outbox.
 *
 * @param {State} state
 * @param {Pending} entry
 */
const isHeld = (state, { conversationId, clientMessageId }) =>
  (state.logs[conversationId] ?? []).some(
    (message) => message.senderId === state.me && message.clientMessageId === clientMessageId,
  );

/**
 * @param {State} state
 * @param {string} id
 * @param {Partial<Pending>} change
 * @returns {State}
 */
const updatePending = (state, id, change) => ({
  ...state,
  outbox: state.outbox.map((entry) => (entry.clientMessageId === id ? { ...entry, ...change } : entry)),
});

/**
 * @param {State} state
 * @param {(entry: Pending) => boolean} isDone
 * @returns {State}
 */
function unqueue(state, isDone) {
  const outbox = state.outbox.filter((entry) => !isDone(entry));
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}

/**
 * @param {State} state
 * @param {{ conversationId: string, userId: string, typing: boolean }} news
 * @returns {State}
 */
function takeTyping(state, { conversationId, userId, typing }) {
  if (userId === state.me || (!typing && state.typing[conversationId] !== userId)) return state;
  const changed = withKey(state.typing, conversationId, typing ? userId : undefined);
  return changed === state.typing ? state : { ...state, typing: changed };
}

/**
 * @param {State} state
 * @param {({ userId: string } & import('./types.js').Presence)[]} presences
 * @returns {State}
 */
function takePresences(state, presences) {
  const news = presences.map(({ userId, status, lastSeenAt }) => [
    userId,
    // Who comes back was seen just now; the last time known stays until a newer one is told.
    { status, lastSeenAt: lastSeenAt ?? state.presence[userId]?.lastSeenAt },
  ]);
  return { ...state, presence: { ...state.presence, ...Object.fromEntries(news) } };
}
