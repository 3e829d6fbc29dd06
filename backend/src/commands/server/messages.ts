import { SYSTEM_USER_ID } from '../../../../contract/index.js';
import type { ServerCommandDeps, ServerHandlers } from './types.js';

/** Messages in any conversation. */
export const serverMessageCommands = ({
  runAs,
}: ServerCommandDeps): ServerHandlers<'sendServerMessage' | 'listServerMessages'> => ({
  sendServerMessage: async ({ params, body: { senderId = SYSTEM_USER_ID, ...message }, newId }) => {
    const payload = { clientMessageId: newId, ...message, ...params };
    const { _id, conversationId, seq, clientMessageId, createdAt, duplicate } = await runAs(
      senderId,
      'sendMessage',
      payload,
    );
    return { messageId: _id, conversationId, seq, clientMessageId, createdAt, duplicate };
  },
  listServerMessages: ({ params, query }) => runAs(SYSTEM_USER_ID, 'getMessages', { ...query, ...params }),
});
