import type { CHANGE_COMMANDS } from '../../../contract/commands/changes.js';
import type { AreaHandlers, CommandParts } from './types.js';

export const changesCommands = (parts: CommandParts): AreaHandlers<typeof CHANGE_COMMANDS> => ({
  editMessage: ({ principal, socketId }, { content, ...place }) =>
    parts.changes.change({ userId: principal.userId, socketId }, place, { kind: 'edit', content }),
  deleteMessage: ({ principal, socketId }, { for: whom, ...place }) => {
    const caller = { userId: principal.userId, socketId };
    return whom === 'me'
      ? parts.changes.deleteForMe(caller, place)
      : parts.changes.deleteForEveryone(caller, place);
  },
  react: ({ principal, socketId }, { emoji, on, ...place }) =>
    parts.changes.change({ userId: principal.userId, socketId }, place, { kind: 'reaction', emoji, on }),
  pinMessage: ({ principal, socketId }, { pinned, ...place }) =>
    parts.changes.change({ userId: principal.userId, socketId }, place, { kind: 'pin', on: pinned }),
  getChanges: ({ principal }, payload) => parts.changeReads.page(principal.userId, payload),
  getEdits: ({ principal }, place) => parts.changeReads.edits(principal.userId, place),
  getReactions: ({ principal }, payload) => parts.changeReads.reactions(principal.userId, payload),
  getReceipts: ({ principal }, place) => parts.receiptReads.of(principal.userId, place),
});
