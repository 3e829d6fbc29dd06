import type { ChangeRecord } from '../../models/changeModel.js';
import type { MessageRecord } from '../../models/messageModel.js';

/** A message as one viewer sees it, with the viewer's own reactions. */
export interface SeenMessage {
  message: MessageRecord;
  emojis: readonly string[];
}

/** Reactions of one user to one message, as of the change `rev`. */
interface OwnReactions {
  rev: number;
  emojis: readonly string[];
}
const NO_REACTIONS: OwnReactions = { rev: 0, emojis: [] };

/**
 * Applies the shadow changes of one author to a message, oldest first. Only this author sees the result. A change is
 * skipped if the text or the reactions are already newer than it.
 */
export function withShadowChanges(
  message: MessageRecord,
  own: OwnReactions | undefined,
  changes: readonly ChangeRecord[],
): SeenMessage {
  const { rev, emojis: shown } = own ?? NO_REACTIONS;
  let seen = message;
  let emojis = shown;
  for (const change of changes) {
    if (seen.deletedAt !== undefined) break;
    if (change.kind === 'edit') seen = withEdit(seen, change);
    if (change.kind === 'delete') seen = withoutText(seen, change);
    if (change.kind === 'reaction' && change.rev > rev) emojis = withReaction(emojis, change.what);
  }
  if (seen.deletedAt !== undefined) return { message: seen, emojis: [] };
  return { message: withCounts(seen, shown, emojis), emojis };
}

/** Returns the pinned messages with the shadow pins of one author applied. */
export function withShadowPins(
  pinned: readonly number[],
  changes: readonly ChangeRecord[],
): readonly number[] {
  return changes.reduce((seqs, change) => {
    if (change.kind !== 'pin') return seqs;
    const others = seqs.filter((seq) => seq !== change.seq);
    return change.what.on ? [...others, change.seq] : others;
  }, pinned);
}

function withEdit(message: MessageRecord, { rev, at, what }: ChangeRecord & { kind: 'edit' }): MessageRecord {
  if (what.content === undefined || rev <= (message.editRev ?? 0)) return message;
  return { ...message, content: what.content, editedAt: at, editRev: rev };
}

function withoutText(message: MessageRecord, { at, by }: ChangeRecord): MessageRecord {
  const { attachments: _a, location: _l, card: _c, words: _w, reactions: _r, ...rest } = message;
  return { ...rest, content: '', deletedAt: at, deletedBy: by };
}

function withReaction(
  emojis: readonly string[],
  { emoji, on }: { emoji?: string; on: boolean },
): readonly string[] {
  if (emoji === undefined) return emojis;
  const others = emojis.filter((one) => one !== emoji);
  return on ? [...others, emoji] : others;
}

/** Adjusts the reaction counts of a message from the stored to the shadow reactions of one user. */
function withCounts(message: MessageRecord, shown: readonly string[], own: readonly string[]): MessageRecord {
  const removed = shown.filter((emoji) => !own.includes(emoji));
  const added = own.filter((emoji) => !shown.includes(emoji));
  if (removed.length + added.length === 0) return message;
  return { ...message, reactions: addReactions(withoutReactions(message.reactions ?? [], removed), added) };
}

interface Counted {
  emoji: string;
  count: number;
}

/** Subtracts reactions from the counts: one for each emoji given. */
export const withoutReactions = <One extends Counted>(
  reactions: readonly One[],
  emojis: readonly string[],
): One[] =>
  reactions
    .map((one) => ({ ...one, count: one.count - emojis.filter((emoji) => emoji === one.emoji).length }))
    .filter(({ count }) => count > 0);

function addReactions(reactions: readonly Counted[], emojis: readonly string[]): Counted[] {
  const known = reactions.map(({ emoji, count }) => ({
    emoji,
    count: count + (emojis.includes(emoji) ? 1 : 0),
  }));
  const added = emojis.filter((emoji) => !reactions.some((one) => one.emoji === emoji));
  return [...known, ...added.map((emoji) => ({ emoji, count: 1 }))];
}
