import type { CommandName, EndpointName } from '../../../contract/index.js';

/** What samples speak of: a conversation of the caller's, the other one in it, and a token of the caller's. */
export interface SampleContext {
  conversationId: string;
  messageId: string;
  otherUserId: string;
  callerId: string;
  token: string;
  listCursor: string;
  syncCursor: string;
}

type Fields = Record<string, unknown>;

/** Payloads that fit, which together use every field of the command's schema (a test sees to it). */
export const commandSamples = (context: SampleContext): Record<CommandName, readonly Fields[]> => {
  const { conversationId, messageId, otherUserId, token, listCursor, syncCursor } = context;
  return {
    getOrCreateDirect: [{ otherUserId, occasion: { kind: 'product', id: 'sku-1', title: 'A bicycle' } }],
    getConversations: [{ limit: 10, cursor: listCursor }],
    getConversation: [{ conversationId }],
    sendMessage: [{ conversationId, content: 'hello', clientMessageId: crypto.randomUUID(), replyTo: 1 }],
    getMessages: [
      { conversationId, before: 2, limit: 10 },
      { conversationId, after: 0 },
      { conversationId, around: 1 },
    ],
    'message:delivered': [
      { conversationId, seq: 1 },
      { conversationId, messageId },
    ],
    'message:read': [
      { conversationId, seq: 1 },
      { conversationId, messageId },
    ],
    typing: [{ conversationId, typing: true }],
    sync: [{ cursor: syncCursor }],
    'presence:watch': [{ userIds: [otherUserId] }],
    'auth:refresh': [{ token }],
  };
};

export interface EndpointSample {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: Fields;
}

/** The same for HTTP. */
export const endpointSamples = (context: SampleContext): Record<EndpointName, readonly EndpointSample[]> => {
  const { conversationId, messageId, otherUserId, callerId, listCursor, syncCursor } = context;
  const params = { conversationId };
  const occasion = { kind: 'order', id: '7', title: 'A bicycle' };
  return {
    createOrGetChat: [
      { body: { otherUserId, occasion } },
      { body: { participants: [callerId, otherUserId] } },
    ],
    startConversation: [{ body: { otherUserId, occasion } }],
    listConversations: [{ query: { limit: '10', cursor: listCursor } }],
    getConversation: [{ params }],
    listMessages: [
      { params, query: { before: '2', limit: '10' } },
      { params, query: { after: '0' } },
      { params, query: { around: '1' } },
    ],
    sendMessage: [{ params, body: { content: 'hello', clientMessageId: crypto.randomUUID(), replyTo: 1 } }],
    markRead: [
      { params, body: { seq: 1 } },
      { params, body: { messageId } },
    ],
    markDelivered: [
      { params, body: { seq: 1 } },
      { params, body: { messageId } },
    ],
    sync: [{ query: { cursor: syncCursor } }],
    getUnread: [{}],
    getProfile: [{}],
    updateProfile: [{ body: { name: 'Alice', avatar: 'https://x.example/a.png' } }],
    revokeTokens: [{}],
    listOwnMessages: [
      { query: { limit: '10', cursor: Buffer.from(`["${messageId}"]`).toString('base64url') } },
    ],
  };
};
