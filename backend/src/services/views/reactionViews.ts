import { LRUCache } from 'lru-cache';
import { emojiKey, toEmoji, type MessageView, type ReactionView } from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';

/** Caches normalised emojis. About 4,000 exist, a page may show hundreds, and recognising one takes 5 to 20 µs. */
const displayed = new LRUCache<string, string>({
  max: 5_000,
  memoMethod: (stored) => toEmoji(stored) ?? stored,
});

/** Returns a stored reaction in display form: the normalised emoji, or unchanged text that older versions accepted. */
export const displayEmoji = (stored: string): string => displayed.memo(stored);

// The first call compiles the emoji pattern, which takes about 50 ms: done at start, before any request.
displayEmoji('👍');

/** Returns the reaction counts. Different stored forms of one emoji are counted together. */
export function toReactionViews(stored: MessageRecord['reactions'] = []): ReactionView[] {
  const views = new Map<string, ReactionView>();
  for (const { emoji, count } of stored) {
    const key = emojiKey(emoji);
    const counted = views.get(key)?.count ?? 0;
    views.set(key, { emoji: displayEmoji(emoji), count: counted + count, own: false });
  }
  return [...views.values()];
}

/** Marks the reactions of a message that the viewer has given. */
export function withOwnReactions(view: MessageView, own: readonly string[]): MessageView {
  if (own.length === 0) return view;
  const keys = new Set(own.map(emojiKey));
  const reactions = view.reactions.map((one) => ({ ...one, own: keys.has(emojiKey(one.emoji)) }));
  return { ...view, reactions };
}
