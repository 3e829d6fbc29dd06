import type { EntryView, MessageView } from '../../contract/index.js';

/** Returns a visible entry; fails for a hidden one. */
export function messageOf(entry: EntryView): MessageView {
  if (entry.kind === 'hidden') throw new Error(`place ${entry.seq} is hidden from its viewer`);
  return entry;
}

/** Returns the messages of a page; fails if one is hidden. */
export const messagesOf = ({ messages }: { messages: readonly EntryView[] }): MessageView[] =>
  messages.map(messageOf);
