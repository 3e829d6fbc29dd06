/** The part of the reducer that keeps the logs: messages, and pages of them. Pure functions. */
import type { CountsView, EntryView, MessagePage } from '../wire/index.js';
import { noteEntry, noteHead, relist } from './conversations.js';
import { hiddenEntry, isMessage, toEntry } from './entries.js';
import { entryAt, indexOfSeq, insertEntries, newestRun } from './log.js';
import { addUsers, updateConversation, withKey } from './records.js';
import { unqueueEntries } from './reduceOutbox.js';
import { nowAt } from './selectors.js';
import type { ClientState, ConversationRecord, LogEntry } from './types.js';

/** Entries kept of a conversation that is not open: enough to show it at once. */
export const KEPT_WHEN_CLOSED = 300;
/** Entries by which a closed conversation may exceed that before it is cut: each cut copies the log. */
const CUT_AFTER = 100;

export function takeEntries(state: ClientState, id: string, views: readonly EntryView[]): ClientState {
  const firstSeq = state.conversations[id]?.visibleFromSeq ?? 1;
  const entries = views.map(toEntry);
  // The answer to a repeated send may be older than the clearing of the history.
  const visible = entries.filter(({ seq }) => seq >= firstSeq);
  const log = state.logs[id] ?? [];
  const inserted = insertEntries(log, visible);
  const own = new Set(
    entries.flatMap((entry) =>
      isMessage(entry) && entry.senderId === state.userId ? entry.clientMessageId : [],
    ),
  );
  let taken =
    inserted === log && log.length > 0 ? state : { ...state, logs: { ...state.logs, [id]: inserted } };
  if (own.size > 0) {
    taken = unqueueEntries(
      taken,
      ({ conversationId, clientMessageId }) => conversationId === id && own.has(clientMessageId),
    );
  }
  taken = updateConversation(taken, id, (conversation) =>
    visible.reduce((noted, entry) => noteEntry(state.userId, noted, entry), conversation),
  );
  taken = addUsers(
    taken,
    views.flatMap(({ sender }) => sender ?? []),
  );
  return endTyping(
    taken,
    id,
    entries.filter(({ seq }) => entryAt(log, seq) === undefined),
  );
}

/** A member whose message has arrived has stopped typing. */
function endTyping(state: ClientState, id: string, arrived: readonly LogEntry[]): ClientState {
  const typing = state.typing[id];
  if (typing === undefined) return state;
  const senders = new Set(arrived.map(({ senderId }) => senderId));
  const left = typing.filter((userId) => !senders.has(userId));
  if (left.length === typing.length) return state;
  return { ...state, typing: withKey(state.typing, id, left.length === 0 ? undefined : left) };
}

/** A message that was pushed or stored just now. */
export function takeNewEntry(state: ClientState, view: EntryView): ClientState {
  const { conversationId: id, seq } = view;
  const isNew = seq > (state.conversations[id]?.lastSeq ?? 0);
  const taken = cutClosedLog(takeEntries(state, id, [view]), id);
  if (!isNew) return taken;
  return updateConversation(taken, id, (known) => relist(known, toEntry(view), nowAt(state)));
}

export function takePage(
  state: ClientState,
  {
    conversationId: id,
    page,
    seenRev,
  }: { conversationId: string; page: MessagePage; seenRev: number | undefined },
): ClientState {
  const taken = takeEntries(state, id, page.messages);
  return updateConversation(taken, id, (conversation) => {
    const noted = noteHead(conversation, page.lastSeq);
    // The page may lack changes made while it was on its way: they are requested again.
    const shown = Math.min(noted.seenRev, seenRev ?? noted.seenRev);
    return shown === noted.seenRev ? noted : { ...noted, seenRev: shown };
  });
}

/** A message outside of the loaded history. */
export const takeAside = (state: ClientState, view: EntryView): ClientState => ({
  ...addUsers(state, view.sender === undefined ? [] : [view.sender]),
  aside: { ...state.aside, [asideKey(view.conversationId, view.seq)]: toEntry(view) },
});

export const asideKey = (conversationId: string, seq: number): string => `${conversationId}/${seq}`;

/** Drops what is held outside of the loaded history and is not shown any more. */
export function dropAside(state: ClientState, id: string, isGone: (seq: number) => boolean): ClientState {
  const gone = Object.entries(state.aside).filter(
    ([, { conversationId, seq }]) => conversationId === id && isGone(seq),
  );
  if (gone.length === 0) return state;
  const keys = new Set(gone.map(([key]) => key));
  const left = Object.entries(state.aside).filter(([key]) => !keys.has(key));
  return { ...state, aside: Object.fromEntries(left) };
}

/** Receipt counts of one message of a large group. They only grow. */
export function takeCounts(
  state: ClientState,
  { conversationId: id, seq, readCount, deliveredCount }: CountsView,
): ClientState {
  const log = state.logs[id] ?? [];
  const entry = entryAt(log, seq);
  if (entry === undefined || !isMessage(entry)) return state;
  const counted = {
    ...entry,
    readCount: Math.max(entry.readCount ?? 0, readCount),
    deliveredCount: Math.max(entry.deliveredCount ?? 0, deliveredCount),
  };
  if (counted.readCount === entry.readCount && counted.deliveredCount === entry.deliveredCount) return state;
  const next = [...log];
  next[indexOfSeq(log, seq)] = counted;
  return { ...state, logs: { ...state.logs, [id]: next } };
}

/** Entries that the user has deleted for themselves. */
export function hideEntries(state: ClientState, id: string, seqs: readonly number[]): ClientState {
  if (seqs.length === 0) return state;
  const gone = new Set(seqs);
  const held = state.logs[id];
  const log = (held ?? []).map((entry) =>
    gone.has(entry.seq) && isMessage(entry) ? hiddenEntry(id, entry.seq) : entry,
  );
  const isChanged = log.some((entry, index) => entry !== held?.[index]);
  const kept = dropAside(state, id, (seq) => gone.has(seq));
  const hidden = isChanged ? { ...kept, logs: { ...kept.logs, [id]: log } } : kept;
  const isHeld = seqs.every((seq) => entryAt(log, seq) !== undefined);
  return updateConversation(hidden, id, (conversation) => ({
    ...conversation,
    // The device may have stored an entry that is not held now.
    ...(!isHeld && { logVersion: conversation.logVersion + 1 }),
    ...(gone.has(conversation.lastMessage?.seq ?? 0) && { lastMessage: newestMessage(log) }),
    ...withoutPins(conversation, (seq) => gone.has(seq)),
  }));
}

/** Returns the pinned messages without those that the user does not see any more. */
export function withoutPins(
  { pinnedMessages }: ConversationRecord,
  isGone: (seq: number) => boolean,
): Pick<ConversationRecord, 'pinnedMessages'> {
  return {
    pinnedMessages: pinnedMessages.some(isGone)
      ? pinnedMessages.filter((seq) => !isGone(seq))
      : pinnedMessages,
  };
}

export function newestMessage(log: readonly LogEntry[]): Extract<LogEntry, { _id: string }> | undefined {
  for (let index = log.length - 1; index >= 0; index -= 1) {
    const entry = log[index];
    if (entry !== undefined && isMessage(entry)) return entry;
  }
  return undefined;
}

/** Entries read from the storage. Entries that are held already are newer. */
export function restoreLog(
  state: ClientState,
  {
    conversationId: id,
    entries,
    seenRev,
  }: { conversationId: string; entries: readonly LogEntry[]; seenRev: number },
): ClientState {
  const known = state.conversations[id];
  if (known === undefined || entries.length === 0) return state;
  const visible = entries.filter(({ seq }) => seq >= known.visibleFromSeq);
  const restored = takeEntries(state, id, visible);
  if (restored.logs[id] === state.logs[id]) return restored;
  return updateConversation(restored, id, (conversation) => ({
    ...conversation,
    seenRev: Math.min(conversation.seenRev, seenRev),
  }));
}

/** Keeps the newest entries of a conversation that is not open. */
export function cutClosedLog(state: ClientState, id: string, tolerance = CUT_AFTER): ClientState {
  const log = state.logs[id];
  if (log === undefined || state.open[id] !== undefined || log.length <= KEPT_WHEN_CLOSED + tolerance)
    return state;
  const oldest = log.at(-KEPT_WHEN_CLOSED)?.seq ?? 0;
  const fromSeq = Math.max(newestRun(log)?.fromSeq ?? 0, oldest);
  return { ...state, logs: { ...state.logs, [id]: log.slice(indexOfSeq(log, fromSeq)) } };
}
