import {
  MAX_QUOTE_CHARS,
  type EntryView,
  type QuoteView,
  type ReactionView,
  type ShownChangeView,
} from '../wire/index.js';
import { cutText } from './graphemes.js';
import type { LogEntry, Message } from './types.js';

/** Viewer of a conversation: decides which reactions are the user's own. */
export interface Viewer {
  userId: string;
  isLarge: boolean;
}

export const isMessage = (entry: LogEntry): entry is Message => entry.kind !== 'hidden';

/** Whether an entry is content of a member, and not an event or a placeholder. */
export const isContent = (entry: LogEntry): entry is Message => isMessage(entry) && entry.kind !== 'system';

/** Sender of the messages of the app itself: of its backend, and of changes that nobody made. */
export const SYSTEM_USER_ID = 'parley:system';

/**
 * Whether an entry is a line between the messages, for display: a change of the group, or a notice of the app. A card of the
 * app, or its answer to a message, is a message with its author.
 */
export const isNotice = (entry: LogEntry): boolean =>
  isMessage(entry) &&
  (entry.kind === 'system' ||
    (entry.senderId === SYSTEM_USER_ID &&
      (entry.deletedAt !== undefined || (entry.kind === 'text' && entry.replyTo === undefined))));

/** Placeholder for an entry that the user may not see. It stops the client from requesting the entry again. */
export const hiddenEntry = (conversationId: string, seq: number): LogEntry => ({
  kind: 'hidden',
  conversationId,
  seq,
});

/** Keeps nothing but the position of a hidden entry. */
export const toEntry = (view: EntryView): LogEntry =>
  view.kind === 'hidden' ? hiddenEntry(view.conversationId, view.seq) : view;

/** Returns an entry with a change applied. A copy that shows a newer change already stays as it is. */
export function changedEntry(held: LogEntry, change: ShownChangeView, viewer: Viewer): LogEntry {
  if (!isMessage(held) || (held.rev ?? 0) > change.rev) return held;
  const next = toEntry(change.message);
  if (!isMessage(next)) return next;
  return {
    ...next,
    // Changes do not repeat the quote.
    ...(next.quoted === undefined && held.quoted !== undefined && { quoted: held.quoted }),
    // Positions tell the status; the one in a change may be older.
    status: held.status,
    reactions: withOwnReactions(next.reactions, held.reactions, { change, viewer }),
    rev: change.rev,
  };
}

/** Large groups and channels receive one push for all members, in which nobody's own reactions are marked. */
function withOwnReactions(
  reactions: ReactionView[],
  known: readonly ReactionView[],
  { change, viewer }: { change: ShownChangeView; viewer: Viewer },
): ReactionView[] {
  if (!viewer.isLarge || reactions.some(({ own }) => own)) return reactions;
  const own = new Set(known.filter((reaction) => reaction.own).map(({ emoji }) => emoji));
  if (change.kind === 'reaction' && change.userId === viewer.userId && change.emoji !== undefined) {
    if (change.on === true) own.add(change.emoji);
    else own.delete(change.emoji);
  }
  return reactions.map((reaction) => (own.has(reaction.emoji) ? { ...reaction, own: true } : reaction));
}

/** Returns an entry whose quote shows the quoted message as it is now: deleted text must not survive in quotes. */
export function requoted(entry: LogEntry, quoted: LogEntry): LogEntry {
  if (!isMessage(entry) || entry.replyTo !== quoted.seq) return entry;
  return { ...entry, quoted: quoteOf(quoted) };
}

export function quoteOf(entry: LogEntry): QuoteView {
  if (!isMessage(entry)) return { seq: entry.seq, kind: 'hidden' };
  const { seq, kind, senderId, content, deletedAt } = entry;
  if (deletedAt !== undefined) return { seq, kind: 'deleted', senderId };
  return { seq, kind, senderId, content: cutText(content, MAX_QUOTE_CHARS) };
}
