/** The part of the reducer that keeps the conversations: the list, `sync`, and the user's settings. Pure functions. */
import type { ConversationPage, ConversationView, SettingsView, SyncPage } from '../wire/index.js';
import { isBackSince, mergeView, noteEntry, noteSettings } from './conversations.js';
import { isMessage } from './entries.js';
import { entryAt, indexOfSeq } from './log.js';
import { addUsers, share, updateConversation, withKey } from './records.js';
import { cutClosedLog, dropAside, hideEntries, newestMessage, withoutPins } from './reduceMessages.js';
import { readSeqOf, unreadOf } from './selectors.js';
import type { ClientState, ConversationRecord, LogEntry, OpenConversation } from './types.js';
import { unreadReported } from './unreadTotals.js';

const NO_ENTRIES: readonly LogEntry[] = [];

/** Merges views in one step: a page of a hundred copies the table of conversations once. */
export function takeViews(state: ClientState, views: readonly ConversationView[]): ClientState {
  const conversations: Record<string, ConversationRecord> = { ...state.conversations };
  const clearedBefore = new Map<string, number>();
  let isChanged = false;
  let hasBlockChanged = false;
  for (const view of views) {
    const known = conversations[view._id];
    const merged = share(known, merge(state, known, view));
    if (merged === known) continue;
    isChanged = true;
    conversations[view._id] = merged;
    if (known !== undefined && known.isBlocked !== merged.isBlocked) hasBlockChanged = true;
    // Messages may have come before the conversation was known.
    const before = known?.visibleFromSeq ?? 1;
    if (before < merged.visibleFromSeq) clearedBefore.set(view._id, before);
  }
  let taken = isChanged ? { ...state, conversations } : state;
  for (const [id, before] of clearedBefore) taken = removeCleared(taken, id, before);
  if (hasBlockChanged) taken = dropGroupLogs(taken);
  return addUsers(
    taken,
    views.flatMap(({ members, lastMessage }) =>
      lastMessage === undefined ? members : [...members, lastMessage.sender],
    ),
  );
}

function merge(
  state: ClientState,
  known: ConversationRecord | undefined,
  view: ConversationView,
): ConversationRecord {
  const log = state.logs[view._id] ?? NO_ENTRIES;
  let merged = mergeView(state.userId, known, view);
  // Without held messages there is nothing that a change could have changed.
  if (log.length === 0) merged = { ...merged, seenRev: merged.rev };
  // Held messages may be newer than the view, or have come before the conversation was known.
  const newest = newestMessage(log);
  if (newest !== undefined) merged = noteEntry(state.userId, merged, newest);
  const held = merged.lastMessage && entryAt(log, merged.lastMessage.seq);
  return held !== undefined && isMessage(held) ? { ...merged, lastMessage: held } : merged;
}

/** Blocking a user hides their messages in groups: the logs of groups are loaded again. */
function dropGroupLogs(state: ClientState): ClientState {
  const groups = Object.values(state.conversations).filter(({ type }) => type !== 'direct');
  return groups.reduce((dropped, { id }) => dropLog(dropped, id), state);
}

export const dropLog = (state: ClientState, id: string): ClientState =>
  updateConversation({ ...state, logs: withKey(state.logs, id, undefined) }, id, (conversation) => ({
    ...conversation,
    seenRev: conversation.rev,
    logVersion: conversation.logVersion + 1,
  }));

export function takeList(state: ClientState, page: ConversationPage, isFirst: boolean): ClientState {
  const listed: ClientState = {
    ...takeViews(state, page.conversations),
    listCursor: page.nextCursor,
    isListComplete: page.nextCursor === undefined,
    isListLoaded: true,
    ...(isFirst && { cursor: page.syncCursor }),
  };
  return countElsewhere(listed, page.totalUnread);
}

export function takeSync(state: ClientState, page: SyncPage): ClientState {
  let synced = takeViews(state, page.conversations);
  for (const settings of page.settings) synced = takeSettings(synced, settings);
  for (const id of page.removed) synced = removeConversation(synced, id);
  synced = { ...synced, cursor: page.cursor, epoch: page.epoch };
  return page.hasMore ? synced : countElsewhere(synced, page.totalUnread);
}

export function takeSettings(state: ClientState, settings: SettingsView): ClientState {
  const id = settings.conversationId;
  const known = state.conversations[id];
  // One that was deleted before and opened again stays open: its other settings may have changed.
  if (settings.deleted === true && known?.isDeleted !== true && !isBackSince(known, settings))
    return removeConversation(state, id);
  const before = state.conversations[id]?.visibleFromSeq ?? 0;
  const noted = updateConversation(state, id, (conversation) =>
    noteSettings(state.userId, conversation, settings),
  );
  return hideEntries(removeCleared(noted, id, before), id, settings.hiddenSeqs ?? []);
}

/** Cleared messages are not shown any more. `before`: first visible `seq` until now. */
function removeCleared(state: ClientState, id: string, before: number): ClientState {
  const conversation = state.conversations[id];
  if (conversation === undefined || conversation.visibleFromSeq <= before) return state;
  const fromSeq = conversation.visibleFromSeq;
  const kept = dropAside(state, id, (seq) => seq < fromSeq);
  const log = state.logs[id];
  const cleared =
    log === undefined ? kept : { ...kept, logs: { ...kept.logs, [id]: log.slice(indexOfSeq(log, fromSeq)) } };
  return updateConversation(cleared, id, (known) => ({
    ...known,
    ...withoutPins(known, (seq) => seq < fromSeq),
    ...((known.lastMessage?.seq ?? fromSeq) < fromSeq && { lastMessage: undefined }),
  }));
}

export function removeConversation(state: ClientState, id: string): ClientState {
  if (state.conversations[id] === undefined && state.logs[id] === undefined) return state;
  return {
    ...dropAside(state, id, () => true),
    conversations: withKey(state.conversations, id, undefined),
    logs: withKey(state.logs, id, undefined),
    reads: withKey(state.reads, id, undefined),
    typing: withKey(state.typing, id, undefined),
  };
}

/**
 * The server counts all conversations that are not muted. The part that is not in held ones is in the others. What was read and
 * not reported yet is unread for the server.
 */
const countElsewhere = (state: ClientState, totalUnread: number): ClientState => ({
  ...state,
  unreadElsewhere: state.isListComplete ? 0 : Math.max(0, totalUnread - unreadReported(state)),
});

export function openConversation(state: ClientState, id: string): ClientState {
  const opened: OpenConversation = state.open[id] ?? { count: 0, firstUnreadSeq: firstUnreadSeq(state, id) };
  return { ...state, open: withKey(state.open, id, { ...opened, count: opened.count + 1 }) };
}

function firstUnreadSeq(state: ClientState, id: string): number | undefined {
  const conversation = state.conversations[id];
  if (conversation === undefined || unreadOf(state, conversation) === 0) return undefined;
  return readSeqOf(state, conversation) + 1;
}

export function closeConversation(state: ClientState, id: string): ClientState {
  const opened = state.open[id];
  if (opened === undefined) return state;
  if (opened.count > 1) {
    return { ...state, open: withKey(state.open, id, { ...opened, count: opened.count - 1 }) };
  }
  return cutClosedLog({ ...state, open: withKey(state.open, id, undefined) }, id, 0);
}
