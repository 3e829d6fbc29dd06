import type { ATTACHMENT_COMMANDS } from '../../../contract/commands/attachments.js';
import type { AreaHandlers, CommandDeps } from './types.js';

export const attachmentCommands = ({
  uploads,
  completion,
  fileAccess,
}: Pick<CommandDeps, 'uploads' | 'completion' | 'fileAccess'>): AreaHandlers<typeof ATTACHMENT_COMMANDS> => ({
  createAttachment: ({ principal }, payload) => uploads.create(principal.userId, payload),
  getUpload: ({ principal }, { attachmentId }) => uploads.get(principal.userId, attachmentId),
  completeAttachment: ({ principal }, { attachmentId }) =>
    completion.complete(principal.userId, attachmentId),
  getAttachment: async ({ principal }, { attachmentId }) => ({
    attachment: await fileAccess.view(principal.userId, attachmentId),
  }),
  cancelAttachment: ({ principal }, { attachmentId }) => uploads.cancel(principal.userId, attachmentId),
});
