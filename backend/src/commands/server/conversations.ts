import { serverConversationView, SYSTEM_USER_ID, type ConversationId } from '../../../../contract/index.js';
import { notParticipant } from '../../utils/appError.js';
import type { ServerCommandDeps, ServerHandlers } from './types.js';

type ConversationEndpoints =
  | 'openDirect'
  | 'openGroup'
  | 'getServerConversation'
  | 'changeConversation'
  | 'closeConversation'
  | 'reopenConversation'
  | 'getServerMembers'
  | 'addServerMembers'
  | 'removeServerMember'
  | 'listUserConversations';

/** Conversations of any users. */
export const serverConversationCommands = ({
  services: { conversations, safety },
  runAs,
}: ServerCommandDeps): ServerHandlers<ConversationEndpoints> => {
  const reopen = async (conversationId: ConversationId): Promise<boolean> => {
    const record = await conversations.find(conversationId);
    if (record === undefined) throw notParticipant();
    return safety.matches.reopen(record, { userId: SYSTEM_USER_ID, isTrusted: true });
  };
  return {
    openDirect: async ({ body: { userIds, occasion } }) => {
      const [userId, otherUserId] = userIds;
      const payload = { otherUserId, ...(occasion !== undefined && { occasion }) };
      const { conversation, created } = await runAs(userId, 'getOrCreateDirect', payload);
      return { conversationId: conversation._id, created };
    },
    openGroup: async ({ body: { ownerId, ...group }, newId }) => {
      const payload = { clientConversationId: newId, ...group };
      const { conversation, created, refused } = await runAs(ownerId, 'createGroup', payload);
      return { conversationId: conversation._id, created, refused };
    },
    getServerConversation: async ({ params }) => {
      const { conversation } = await runAs(SYSTEM_USER_ID, 'getConversation', params);
      return { conversation: serverConversationView.parse(conversation) };
    },
    changeConversation: async ({ params, body }) => {
      const { conversation } = await runAs(SYSTEM_USER_ID, 'updateConversation', { ...params, ...body });
      return { conversationId: conversation._id };
    },
    closeConversation: ({ params, body }) => runAs(body?.userId ?? SYSTEM_USER_ID, 'unmatch', params),
    reopenConversation: async ({ params: { conversationId } }) => ({
      conversationId,
      reopened: await reopen(conversationId),
    }),
    getServerMembers: ({ params, query }) => runAs(SYSTEM_USER_ID, 'getMembers', { ...params, ...query }),
    addServerMembers: async ({ params, body }) => {
      const { conversation, refused } = await runAs(SYSTEM_USER_ID, 'addMembers', { ...params, ...body });
      return { conversationId: conversation._id, refused };
    },
    removeServerMember: async ({ params }) => {
      const { conversation } = await runAs(SYSTEM_USER_ID, 'removeMember', params);
      return { conversationId: conversation._id };
    },
    listUserConversations: ({ params: { userId }, query }) => runAs(userId, 'getConversations', query),
  };
};
