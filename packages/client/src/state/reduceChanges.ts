/** The part of the reducer that applies edits, deletions, reactions and pins. Pure functions. */
import type { ChangePage, ChangeView, ShownChangeView } from '../wire/index.js';
import { noteHead } from './conversations.js';
import { changedEntry, isMessage, requoted, toEntry, type Viewer } from './entries.js';
import { entryAt, indexOfSeq } from './log.js';
import { share, updateConversation } from './records.js';
import { newestMessage, takeEntries } from './reduceMessages.js';
import type { ClientState, ConversationRecord, LogEntry } from './types.js';

const NO_ENTRIES: readonly LogEntry[] = [];

/** @param isAnswer an answer may describe a change that was made before: its `rev` says nothing about the ones before it */
export function takeChange(state: ClientState, change: ChangeView, isAnswer = false): ClientState {
  return updateConversation(applyChange(state, change), change.conversationId, (conversation) => {
    const noted = noteHead(conversation, 0, change.rev);
    const isNext = !isAnswer && change.rev === noted.seenRev + 1;
    return isNext ? { ...noted, seenRev: change.rev } : noted;
  });
}

/** A page of missed changes. */
export function takeChanges(
  state: ClientState,
  { conversationId, afterRev, page }: { conversationId: string; afterRev: number; page: ChangePage },
): ClientState {
  const applied = page.changes.reduce(applyChange, state);
  const through = page.hasMore ? (page.changes.at(-1)?.rev ?? afterRev) : page.rev;
  return updateConversation(applied, conversationId, (conversation) => ({
    ...noteHead(conversation, 0, page.rev),
    // When `seenRev` went back meanwhile, the changes before this page are still missing.
    seenRev: conversation.seenRev < afterRev ? conversation.seenRev : Math.max(conversation.seenRev, through),
  }));
}

function applyChange(state: ClientState, change: ChangeView): ClientState {
  // A hidden change counts, and nothing else of it is for this user.
  if (change.kind === 'hidden') return state;
  const { conversationId: id, seq } = change;
  const conversation = state.conversations[id];
  const viewer = { userId: state.userId, isLarge: conversation?.isLarge ?? false };
  const log = state.logs[id] ?? NO_ENTRIES;
  let next = state;
  if (entryAt(log, seq) !== undefined) {
    const changed = changeLog(log, change, viewer);
    if (changed !== log) next = { ...state, logs: { ...state.logs, [id]: changed } };
  } else if (seq >= (log[0]?.seq ?? (conversation?.lastSeq ?? 0) + 1)) {
    // The entry is in a gap: the change contains it.
    next = takeEntries(state, id, [withRev(change)]);
  }
  next = changeAside(next, change, viewer);
  return updateConversation(next, id, (known) => {
    const after = next.logs[id] ?? NO_ENTRIES;
    return notePin(notePreview(known, { change, viewer, log: after }), change, after);
  });
}

const withRev = ({ message, rev }: ShownChangeView): ShownChangeView['message'] =>
  message.kind === 'hidden' ? message : Object.assign({ ...message }, { rev });

function changeAside(state: ClientState, change: ShownChangeView, viewer: Viewer): ClientState {
  const entries = Object.entries(state.aside).map(([key, entry]) => {
    const isOfConversation = entry.conversationId === change.conversationId;
    return [key, isOfConversation ? applied(entry, change, viewer) : entry] as const;
  });
  const isSame = entries.every(([key, entry]) => entry === state.aside[key]);
  return isSame ? state : { ...state, aside: Object.fromEntries(entries) };
}

/** Returns an entry with a change of itself, or of the message that it quotes. */
function applied(entry: LogEntry, change: ShownChangeView, viewer: Viewer): LogEntry {
  if (entry.seq === change.seq) return share(entry, changedEntry(entry, change, viewer));
  return changesText(change) ? share(entry, requoted(entry, toEntry(change.message))) : entry;
}

const changesText = ({ kind }: ShownChangeView): boolean => kind === 'edit' || kind === 'delete';

function changeLog(log: readonly LogEntry[], change: ShownChangeView, viewer: Viewer): readonly LogEntry[] {
  const index = indexOfSeq(log, change.seq);
  const held = log[index];
  if (held === undefined) return log;
  const entry = share(held, changedEntry(held, change, viewer));
  if (entry === held) return log;
  const next = changesText(change) ? log.map((one) => share(one, requoted(one, entry))) : [...log];
  next[index] = entry;
  return next;
}

function notePreview(
  conversation: ConversationRecord,
  { change, viewer, log }: { change: ShownChangeView; viewer: Viewer; log: readonly LogEntry[] },
): ConversationRecord {
  const { lastMessage } = conversation;
  if (lastMessage === undefined) return conversation;
  const entry = applied(lastMessage, change, viewer);
  if (entry === lastMessage) return conversation;
  return { ...conversation, lastMessage: isMessage(entry) ? entry : newestMessage(log) };
}

function notePin(
  conversation: ConversationRecord,
  change: ShownChangeView,
  log: readonly LogEntry[],
): ConversationRecord {
  if (change.rev <= conversation.pinRev) return conversation;
  const others = conversation.pinnedMessages.filter((seq) => seq !== change.seq);
  if (change.kind === 'pin') {
    // Nothing is shown of a message that the user has deleted for themselves.
    const isHidden = (entryAt(log, change.seq) ?? change.message).kind === 'hidden';
    const pinnedMessages = change.on === true && !isHidden ? [...others, change.seq] : others;
    return { ...conversation, pinnedMessages, pinRev: change.rev };
  }
  return change.kind === 'delete' ? { ...conversation, pinnedMessages: others } : conversation;
}
