/**
 * The reference reducer: everything the page knows, and how each piece of news changes it. Pure: no clock, no
 * storage, no network. News may come twice, late and in any order; the result is the same.
 *
 * @import { Action, State, Store } from './types.js'
 */
import { noteEnd, notePosition } from './conversations.js';
import { meet, updateConversation, withKey } from './records.js';
import { dropLog, open, remove, takeList, takeSettings, takeSync, takeView } from './reduceLists.js';
import { hide, takeAside, takeChange, takeChanges, takeNews, takePage } from './reduceMessages.js';
import { queue, unqueue, updatePending } from './reduceOutbox.js';

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
  people: {},
  aside: {},
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
      return restore({ ...state, ...action.cached, listed: true });
    case 'forgotten':
      return forget(state);
    case 'conversations':
      return action.conversations.reduce(takeView, state);
    case 'listed':
      return takeList(state, action.answer, action.first);
    case 'synced':
      return takeSync(state, action.answer);
    case 'removed':
      return remove(state, action.conversationId);
    case 'message':
      return takeNews(state, action.message);
    case 'page':
      return takePage(state, action);
    case 'aside':
      return takeAside(state, action.message);
    case 'change':
      return takeChange(state, action.change, action.isAnswer);
    case 'changes':
      return takeChanges(state, action);
    case 'logDropped':
      return dropLog(state, action.conversationId);
    case 'settings':
      return takeSettings(state, action.settings);
    case 'hidden':
      return hide(state, action.conversationId, [action.seq]);
    case 'people':
      return meet(state, action.people);
    case 'head':
      return takeHead(state, action);
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
      return takeConnection(state, action.connection);
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
  people: state.people,
  era: state.era + 1,
});

/**
 * Names that the cache holds: of members, and of who wrote where members are not named.
 *
 * @param {State} state
 * @returns {State}
 */
function restore(state) {
  const { conversations, logs } = state;
  const members = Object.values(conversations).flatMap(({ people }) => Object.values(people));
  const messages = [
    ...Object.values(conversations).map(({ lastMessage }) => lastMessage),
    ...Object.values(logs).flat(),
  ];
  return meet(state, [...members, ...messages.flatMap((message) => message?.sender ?? [])]);
}

/**
 * @param {State} state
 * @param {{ conversationId: string, lastSeq: number, rev?: number | undefined }} head
 */
const takeHead = (state, { conversationId, lastSeq, rev }) =>
  updateConversation(state, conversationId, (conversation) => {
    const noted = noteEnd(conversation, lastSeq, rev);
    const isEmpty = (state.logs[conversationId] ?? []).length === 0;
    return isEmpty && noted !== conversation ? { ...noted, seenRev: noted.rev } : noted;
  });

/**
 * @param {State} state
 * @param {string} id
 * @param {number} seq
 */
const see = (state, id, seq) =>
  seq > (state.reads[id] ?? 0) ? { ...state, reads: { ...state.reads, [id]: seq } } : state;

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
 * Without a connection nothing is known of others: the notice that somebody has stopped typing would not arrive.
 *
 * @param {State} state
 * @param {import('./types.js').Connection} connection
 * @returns {State}
 */
const takeConnection = (state, connection) => ({
  ...state,
  connection,
  typing: connection.status === 'online' ? state.typing : {},
});

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
  const gone = new Set(presences.filter(({ status }) => status === 'offline').map(({ userId }) => userId));
  const typing = Object.entries(state.typing).filter(([, userId]) => !gone.has(userId));
  return {
    ...state,
    presence: { ...state.presence, ...Object.fromEntries(news) },
    typing: Object.fromEntries(typing),
  };
}
