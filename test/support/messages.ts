import type { EntryView, MessageView } from '../../contract/index.js';

/** An entry that its viewer may look into; fails for a hidden one. */
export function messageOf(entry: EntryView): MessageView {
  if (entry.kind === 'hidden') throw new Error(`place ${entry.seq} is hidden from its viewer`);
  return entry;
}

/** The messages of a page of which nothing is hidden. */
export const messagesOf = ({ messages }: { messages: readonly EntryView[] }): MessageView[] =>
  messages.map(messageOf);
