import type { LegacyMappingInput } from './mapping.js';

const ROOM = ['conversationId', 'roomId', 'chatId', 'room'];
const ONE_MESSAGE = {
  id: '_id',
  conversationId: 'conversationId',
  senderId: 'senderId',
  senderName: 'sender.name',
  text: 'content',
  attachments: 'attachments',
  timestamp: 'createdAt',
  status: 'status',
};
const ONE_CONVERSATION = {
  id: '_id',
  type: 'type',
  name: 'name',
  participants: 'participants',
  lastMessage: 'lastMessage.content',
  lastMessageAt: 'lastMessageAt',
  unreadCount: 'unreadCount',
};

/**
 * Event and field names that chat tutorials and first versions of apps commonly use. This is the mapping of a server
 * with `LEGACY_EVENTS` and without `LEGACY_MAPPING`. docs/examples/legacy-mapping.json holds the same mapping as a
 * template.
 */
export const DEFAULT_MAPPING: LegacyMappingInput = {
  token: { query: 'token' },
  recognise: { oldToken: true },
  version: { query: 'version', header: 'user-agent' },
  directIds: { prefix: 'direct_', separator: '_', sorted: false },
  groupIds: { prefix: 'group_' },
  tempIds: 'unique',
  otherPushes: 'drop',
  commands: {
    join_room: {
      command: 'watchConversation',
      payload: { conversationId: [...ROOM, '@0'], watching: { value: true } },
      ifAbsent: 'empty',
      answer: { event: 'room_joined', fields: { conversationId: 'conversationId' } },
    },
    leave_room: {
      command: 'watchConversation',
      payload: { conversationId: [...ROOM, '@0'], watching: { value: false } },
      ifAbsent: 'empty',
      answer: { event: 'room_left', fields: { conversationId: 'conversationId' } },
    },
    send_message: {
      command: 'sendMessage',
      payload: {
        conversationId: ROOM,
        content: ['text', 'message', 'content'],
        attachments: 'attachments',
        clientMessageId: ['tempId', 'localId', 'clientId'],
      },
      ifAbsent: 'open',
      answer: { event: 'message_sent', fields: { ...ONE_MESSAGE, tempId: 'request.tempId' } },
    },
    get_messages: {
      command: 'getMessages',
      payload: { conversationId: ROOM, before: 'before', limit: 'limit' },
      ifAbsent: 'empty',
      answer: {
        event: 'messages',
        fields: {
          conversationId: ['conversationId', 'request.conversationId'],
          messages: { each: 'messages', fields: { ...ONE_MESSAGE, seq: 'seq' } },
          hasMore: 'hasMore',
        },
      },
    },
    get_conversations: {
      command: 'getConversations',
      payload: { limit: 'limit', cursor: 'cursor' },
      answer: {
        event: 'conversations',
        fields: {
          conversations: { each: 'conversations', fields: ONE_CONVERSATION },
          cursor: 'nextCursor',
          totalUnread: 'totalUnread',
        },
      },
    },
    create_group: {
      command: 'createGroup',
      payload: {
        clientConversationId: ['id', 'groupId', 'conversationId'],
        name: ['name', 'title'],
        participants: ['members', 'participants'],
      },
      answer: {
        event: 'group_created',
        fields: {
          id: 'conversation._id',
          name: 'conversation.name',
          participants: 'conversation.participants',
        },
      },
    },
    mark_read: {
      command: 'message:read',
      payload: { conversationId: [...ROOM, '@0'], upTo: 'messageId' },
      ifAbsent: 'empty',
      answer: { event: 'read_confirmed', fields: { conversationId: 'conversationId' } },
    },
    mark_delivered: {
      command: 'message:delivered',
      payload: { conversationId: [...ROOM, '@0'], upTo: 'messageId' },
      ifAbsent: 'empty',
      answer: { event: 'delivery_confirmed', fields: { conversationId: 'conversationId' } },
    },
    typing: {
      command: 'typing',
      payload: { conversationId: [...ROOM, '@0'], typing: { value: true } },
      ifAbsent: 'empty',
    },
    stop_typing: {
      command: 'typing',
      payload: { conversationId: [...ROOM, '@0'], typing: { value: false } },
      ifAbsent: 'empty',
    },
  },
  pushes: {
    'message:new': {
      when: { kind: ['text', 'image', 'voice', 'file', 'location', 'card'] },
      event: 'receive_message',
      fields: ONE_MESSAGE,
    },
    'message:updated': {
      when: { kind: 'edit' },
      event: 'message_edited',
      fields: { id: 'message._id', conversationId: 'conversationId', text: 'message.content' },
    },
    'message:deleted': {
      event: 'message_deleted',
      fields: { id: 'message._id', conversationId: 'conversationId' },
    },
    'message:status': [
      {
        when: { status: 'read' },
        event: 'messages_read',
        fields: {
          conversationId: 'conversationId',
          userId: 'userId',
          messageId: 'messageId',
          seq: 'readSeq',
          at: 'at',
        },
      },
      {
        event: 'messages_delivered',
        fields: {
          conversationId: 'conversationId',
          userId: 'userId',
          messageId: 'messageId',
          seq: 'deliveredSeq',
          at: 'at',
        },
      },
    ],
    'conversation:created': {
      event: 'new_conversation',
      fields: {
        id: 'conversation._id',
        type: 'conversation.type',
        name: 'conversation.name',
        participants: 'conversation.participants',
      },
    },
    'conversation:removed': {
      event: 'conversation_removed',
      fields: { conversationId: 'conversationId', reason: 'reason' },
    },
    typing: [
      {
        when: { typing: true },
        event: 'typing',
        fields: { conversationId: 'conversationId', userId: 'userId' },
      },
      { event: 'stop_typing', fields: { conversationId: 'conversationId', userId: 'userId' } },
    ],
    presence: [
      { when: { status: 'online' }, event: 'user_online', fields: { userId: 'userId' } },
      { event: 'user_offline', fields: { userId: 'userId', lastSeen: 'lastSeenAt' } },
    ],
    'auth:expired': { event: 'session_expired', fields: { reason: 'reason', code: 'code' } },
    'server:draining': {
      event: 'server_restarting',
      fields: { afterMs: 'afterMs' },
    },
  },
  errors: {
    event: 'error_message',
    fields: {
      message: 'error',
      code: 'code',
      event: 'event',
      conversationId: 'request.conversationId',
      tempId: 'request.tempId',
      retryAfterMs: 'retryAfterMs',
    },
  },
};
