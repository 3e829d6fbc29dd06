import type { CHANGE_COMMANDS } from '../../../contract/commands/changes.js';
import type { AreaHandlers, CommandDeps } from './types.js';

export const changesCommands = (deps: CommandDeps): AreaHandlers<typeof CHANGE_COMMANDS> => ({
  editMessage: ({ principal, socketId }, { content, ...target }) =>
    deps.changes.change({ userId: principal.userId, socketId }, target, { kind: 'edit', content }),
  deleteMessage: ({ principal, socketId }, { for: audience, ...target }) => {
    const caller = { userId: principal.userId, socketId };
    return audience === 'me'
      ? deps.changes.deleteForMe(caller, target)
      : deps.changes.deleteForEveryone(caller, target);
  },
  react: ({ principal, socketId }, { emoji, on, ...target }) =>
    deps.changes.change({ userId: principal.userId, socketId }, target, { kind: 'reaction', emoji, on }),
  pinMessage: ({ principal, socketId }, { pinned, ...target }) =>
    deps.changes.change({ userId: principal.userId, socketId }, target, { kind: 'pin', on: pinned }),
  getChanges: ({ principal }, payload) => deps.changeReads.page(principal.userId, payload),
  getEdits: ({ principal }, target) => deps.changeReads.edits(principal.userId, target),
  getReactions: ({ principal }, payload) => deps.changeReads.reactions(principal.userId, payload),
  getReceipts: ({ principal }, target) => deps.receiptReads.of(principal.userId, target),
});
