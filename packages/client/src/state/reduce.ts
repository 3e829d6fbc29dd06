/**
 * The reducer: how each event changes what the client knows. Pure apart from the clock (of mutes); no storage, no network.
 * Events may come twice, late and in any order: the result is the same.
 */
import type { PresenceView } from '../wire/index.js';
import type { Action, StoredState } from './actions.js';
import { noteHead, notePosition } from './conversations.js';
import { addUsers, updateConversation, valueAt, withKey } from './records.js';
import { takeChange, takeChanges } from './reduceChanges.js';
import {
  closeConversation,
  dropLog,
  openConversation,
  removeConversation,
  takeList,
  takeSettings,
  takeSync,
  takeViews,
} from './reduceLists.js';
import { hideEntries, restoreLog, takeAside, takeCounts, takeNewEntry, takePage } from './reduceMessages.js';
import { queueEntries, unqueueEntries, updateEntry } from './reduceOutbox.js';
import type { ClientState, ConnectionState } from './types.js';

export const createState = (userId: string): ClientState => ({
  userId,
  conversations: {},
  logs: {},
  outbox: [],
  reads: {},
  typing: {},
  presence: {},
  users: {},
  aside: {},
  loading: {},
  open: {},
  listCursor: undefined,
  isListComplete: false,
  filterCursors: {},
  isListLoaded: false,
  unreadElsewhere: 0,
  cursor: undefined,
  epoch: undefined,
  generation: 0,
  clockOffsetMs: 0,
  connection: { status: 'idle' },
});

type Handlers = {
  [Type in Action['type']]: (state: ClientState, action: Extract<Action, { type: Type }>) => ClientState;
};

const HANDLERS: Handlers = {
  userChanged: (state, { userId }) => ({
    ...createState(userId),
    // Messages that were written before the user was known are theirs.
    ...(state.userId === '' && { outbox: state.outbox }),
    // Conversations that are displayed are requested again, as far as the new user may see them.
    open: Object.fromEntries(
      Object.entries(state.open).map(([id, { count }]) => [id, { count, firstUnreadSeq: undefined }]),
    ),
    clockOffsetMs: state.clockOffsetMs,
    connection: state.connection,
    generation: state.generation + 1,
  }),
  restored: (state, { stored }) => restore(state, stored),
  logRestored: (state, action) => restoreLog(state, action),
  cacheDropped: (state) => ({
    ...createState(state.userId),
    outbox: state.outbox,
    open: state.open,
    presence: state.presence,
    users: state.users,
    clockOffsetMs: state.clockOffsetMs,
    connection: state.connection,
    generation: state.generation + 1,
  }),
  conversations: (state, { conversations }) => takeViews(state, conversations),
  listed: (state, { page, isFirst }) => takeList(state, page, isFirst),
  filterListed: (state, { filter, page }) => ({
    ...takeViews(state, page.conversations),
    filterCursors: withKey(state.filterCursors, filter, page.nextCursor ?? null),
  }),
  synced: (state, { page }) => takeSync(state, page),
  removed: (state, { conversationId }) => removeConversation(state, conversationId),
  message: (state, { message }) => takeNewEntry(state, message),
  page: (state, action) => takePage(state, action),
  aside: (state, { message }) => takeAside(state, message),
  change: (state, { change, isAnswer }) => takeChange(state, change, isAnswer),
  changes: (state, action) => takeChanges(state, action),
  counts: (state, { counts }) => takeCounts(state, counts),
  logDropped: (state, { conversationId }) => dropLog(state, conversationId),
  position: (state, { position }) =>
    updateConversation(state, position.conversationId, (conversation) =>
      notePosition(state.userId, conversation, position),
    ),
  settings: (state, { settings }) => takeSettings(state, settings),
  hidden: (state, { conversationId, seq }) => hideEntries(state, conversationId, [seq]),
  users: (state, { users }) => addUsers(state, users),
  head: (state, action) => takeHead(state, action),
  opened: (state, { conversationId }) => openConversation(state, conversationId),
  closed: (state, { conversationId }) => closeConversation(state, conversationId),
  seen: (state, { conversationId, seq }) =>
    seq > (state.reads[conversationId] ?? 0)
      ? { ...state, reads: { ...state.reads, [conversationId]: seq } }
      : state,
  loading: (state, { conversationId, state: now }) => {
    const loading = withKey(state.loading, conversationId, now === 'idle' ? undefined : now);
    return loading === state.loading ? state : { ...state, loading };
  },
  queued: (state, { entries }) => queueEntries(state, entries),
  failed: (state, { clientMessageId, code }) =>
    updateEntry(state, clientMessageId, { status: 'failed', code }),
  unqueued: (state, { clientMessageIds }) => {
    const ids = new Set(clientMessageIds);
    return unqueueEntries(state, ({ clientMessageId }) => ids.has(clientMessageId));
  },
  typing: (state, action) => takeTyping(state, action),
  presence: (state, { presences }) => takePresences(state, presences),
  clock: (state, { offsetMs }) =>
    offsetMs === state.clockOffsetMs ? state : { ...state, clockOffsetMs: offsetMs },
  muteEnded: (state) => ({ ...state, conversations: { ...state.conversations } }),
  connection: (state, { connection }) => takeConnection(state, connection),
};

export function reduce(state: ClientState, action: Action): ClientState {
  const handle: (state: ClientState, action: never) => ClientState = HANDLERS[action.type];
  // The table is keyed by `type`: its handler takes this action.
  return handle(state, action as never);
}

/** Names that the storage holds: of members, and of senders where members are not named. */
function restore(state: ClientState, stored: StoredState): ClientState {
  const records = Object.values(stored.conversations);
  const users = records.flatMap(({ members, lastMessage }) => [
    ...Object.values(members),
    ...(lastMessage === undefined ? [] : [lastMessage.sender]),
  ]);
  return addUsers({ ...state, ...stored, isListLoaded: true }, users);
}

function takeHead(
  state: ClientState,
  { conversationId, lastSeq, rev }: { conversationId: string; lastSeq: number; rev?: number | undefined },
): ClientState {
  return updateConversation(state, conversationId, (conversation) => {
    const noted = noteHead(conversation, lastSeq, rev);
    const isEmpty = (state.logs[conversationId] ?? []).length === 0;
    return isEmpty && noted !== conversation ? { ...noted, seenRev: noted.rev } : noted;
  });
}

function takeTyping(
  state: ClientState,
  { conversationId, userId, typing }: { conversationId: string; userId: string; typing: boolean },
): ClientState {
  const users = state.typing[conversationId] ?? [];
  if (userId === state.userId || users.includes(userId) === typing) return state;
  const next = typing ? [...users, userId] : users.filter((id) => id !== userId);
  return {
    ...state,
    typing: withKey(state.typing, conversationId, next.length === 0 ? undefined : next),
  };
}

const CONNECTED: ReadonlySet<ConnectionState['status']> = new Set(['syncing', 'online']);

/** True while the server can be asked. */
export const isConnected = ({ connection }: Pick<ClientState, 'connection'>): boolean =>
  CONNECTED.has(connection.status);

/** Without a connection nothing is known of others: the notice that a user has stopped typing would not arrive. */
function takeConnection(state: ClientState, connection: ConnectionState): ClientState {
  const { status, reason, code } = state.connection;
  if (status === connection.status && reason === connection.reason && code === connection.code) return state;
  const next = { ...state, connection };
  return isConnected(next) || Object.keys(state.typing).length === 0 ? next : { ...next, typing: {} };
}

function takePresences(state: ClientState, presences: readonly PresenceView[]): ClientState {
  let { presence, typing } = state;
  for (const { userId, status, lastSeenAt } of presences) {
    const known = valueAt(presence, userId);
    // A user who comes online was seen just now: the last known time stays until a newer one is sent.
    const next = { status, lastSeenAt: lastSeenAt ?? known?.lastSeenAt };
    if (known?.status === next.status && known.lastSeenAt === next.lastSeenAt) continue;
    presence = withKey(presence, userId, next);
  }
  const gone = new Set(presences.filter(({ status }) => status === 'offline').map(({ userId }) => userId));
  for (const [id, users] of Object.entries(typing)) {
    const left = users.filter((userId) => !gone.has(userId));
    if (left.length < users.length) typing = withKey(typing, id, left.length === 0 ? undefined : left);
  }
  return presence === state.presence && typing === state.typing ? state : { ...state, presence, typing };
}
