import { COMMAND_ROUTES, type CommandRoute } from '../commandEndpoints.js';
import { ENDPOINTS, type EndpointName } from '../endpoints.js';
import type { CommandName } from '../events.js';

/** Everything that samples refer to. It belongs to the caller. */
export interface SampleContext {
  /**
   * Direct conversation of the caller and the other user; message 1 is from the other user, message 2 from the caller.
   */
  conversationId: string;
  messageId: string;
  /** A closed group that the caller owns; the other user is a member. */
  groupId: string;
  otherUserId: string;
  /** A user without conversations. */
  strangerId: string;
  callerId: string;
  /** Token of the caller with the role of a moderator. */
  token: string;
  reportId: string;
  /** An image of the caller that is ready to be sent. */
  attachmentId: string;
  /** A webhook, and the URL of another one. */
  webhookId: string;
  webhookUrl: string;
  cursors: Record<'list' | 'sync' | 'members' | 'blocked' | 'reports' | 'audit' | 'search', string>;
  /** Makes the `clientMessageId` of each message sample. */
  newUuid: () => string;
}

type Fields = Record<string, unknown>;
type Samples<Name extends string> = Record<Name, readonly Fields[]>;

const PICTURE = 'https://x.example/a.png';

const attachment = {
  kind: 'image',
  url: PICTURE,
  name: 'a.png',
  mimeType: 'image/png',
  sizeBytes: 1_000,
  width: 10,
  height: 10,
  durationMs: 0,
  thumbnailUrl: PICTURE,
};
const location = { latitude: 52.5, longitude: 13.4, title: 'Here' };
const card = {
  kind: 'product',
  id: 'sku-1',
  title: 'A bicycle',
  pictureUrl: PICTURE,
  price: { amount: '99.90', currency: 'EUR' },
};

const coreSamples = (context: SampleContext) => {
  const { conversationId, messageId, otherUserId, token, attachmentId, cursors, newUuid } = context;
  return {
    getOrCreateDirect: [{ otherUserId, occasion: { kind: 'product', id: 'sku-1', title: 'A bicycle' } }],
    getConversations: [{ limit: 10, cursor: cursors.list }, { filter: 'groups' }],
    getConversation: [{ conversationId }],
    sendMessage: [
      { conversationId, content: 'hello', clientMessageId: newUuid(), replyTo: 1 },
      { conversationId, clientMessageId: newUuid(), attachments: [attachment] },
      { conversationId, clientMessageId: newUuid(), attachments: [{ attachmentId }] },
      { conversationId, clientMessageId: newUuid(), location },
      { conversationId, clientMessageId: newUuid(), card },
    ],
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
    sync: [{ cursor: cursors.sync }],
    'presence:watch': [{ userIds: [otherUserId] }],
    'auth:refresh': [{ token }],
  };
};

const groupSamples = ({
  groupId: conversationId,
  otherUserId,
  strangerId,
  cursors,
  newUuid,
}: SampleContext) => ({
  createGroup: [
    {
      type: 'group',
      name: 'Hikers',
      participants: [otherUserId],
      avatar: PICTURE,
      clientConversationId: newUuid(),
      history: 'all',
      open: false,
    },
  ],
  getMembers: [{ conversationId, limit: 10, cursor: cursors.members }],
  addMembers: [{ conversationId, userIds: [strangerId] }],
  removeMember: [{ conversationId, userId: otherUserId }],
  joinConversation: [{ conversationId }],
  leaveConversation: [{ conversationId }],
  setRole: [{ conversationId, userId: otherUserId, role: 'admin' }],
  updateConversation: [{ conversationId, name: 'Climbers', avatar: PICTURE, history: 'all', open: true }],
  watchConversation: [{ conversationId, watching: true }],
});

const changeSamples = ({ conversationId }: SampleContext) => ({
  editMessage: [{ conversationId, seq: 2, content: 'hello again' }],
  deleteMessage: [{ conversationId, seq: 2, for: 'everyone' }],
  react: [true, false].map((on) => ({ conversationId, seq: 1, emoji: '👍', on })),
  pinMessage: [true, false].map((pinned) => ({ conversationId, seq: 1, pinned })),
  getChanges: [{ conversationId, afterRev: 0, limit: 10 }],
  getEdits: [{ conversationId, seq: 2 }],
  getReactions: [{ conversationId, seq: 1, emoji: '👍' }],
  getReceipts: [{ conversationId, seq: 2 }],
});

const listSamples = ({ conversationId }: SampleContext) => ({
  updateSettings: [
    {
      conversationId,
      pinned: true,
      mutedUntil: '2099-01-01T00:00:00.000Z',
      archived: true,
      markedUnread: true,
    },
  ],
  clearHistory: [{ conversationId }],
  deleteConversation: [{ conversationId }],
});

const safetySamples = (context: SampleContext) => {
  const { conversationId, otherUserId, strangerId: userId, reportId, cursors } = context;
  return {
    blockUser: [true, false].map((blocked) => ({ userId, blocked })),
    getBlocked: [{ limit: 10, cursor: cursors.blocked }],
    unmatch: [{ conversationId }],
    report: [
      { userId: otherUserId, reason: 'spam', comment: 'sells bicycles' },
      { conversationId, seq: 1, reason: 'other' },
    ],
    getReports: [{ limit: 10, cursor: cursors.reports, status: 'open' }],
    resolveReport: [{ reportId, decision: 'dismiss', resolution: 'warned' }],
    getAudit: [{ limit: 10, cursor: cursors.audit }],
    restrictUser: [true, false].map((restricted) => ({ userId, restricted })),
    getPrivacy: [{}],
    updatePrivacy: [{ readReceipts: true, lastSeen: 'everyone', typing: true, addToGroups: 'everyone' }],
  };
};

const searchSamples = ({ conversationId, otherUserId, cursors }: SampleContext) => ({
  searchMessages: [
    { conversationId, words: 'hello', senderId: otherUserId, limit: 10, cursor: cursors.search },
  ],
});

const attachmentSamples = ({ conversationId, attachmentId, newUuid }: SampleContext) => ({
  createAttachment: [
    {
      ...{ kind: 'voice', fileName: 'note.ogg', mimeType: 'audio/ogg', sizeBytes: 1_000, conversationId },
      ...{ clientAttachmentId: newUuid(), durationMs: 900, waveform: [0, 50, 100] },
    },
  ],
  getUpload: [{ attachmentId }],
  completeAttachment: [{ attachmentId }],
  getAttachment: [{ attachmentId }],
  cancelAttachment: [{ attachmentId }],
});

const pushSamples = () => {
  const device = { provider: 'expo', token: 'ExponentPushToken[a-device]' };
  return {
    registerDevice: [{ ...device, platform: 'android', locale: 'de-CH', appVersion: '1.4.0' }],
    unregisterDevice: [device],
    setForeground: [{ foreground: true }],
    getNotifications: [{}],
    updateNotifications: [{ enabled: true, content: 'full' }],
  };
};

/** Valid payloads that together use every field of the command's schema (checked by a test). */
export const commandSamples = (context: SampleContext): Samples<CommandName> => ({
  ...coreSamples(context),
  ...groupSamples(context),
  ...changeSamples(context),
  ...listSamples(context),
  ...safetySamples(context),
  ...searchSamples(context),
  ...attachmentSamples(context),
  ...pushSamples(),
});

/** Fields that accept `null`, which removes the value. */
export const NULLABLE: Partial<Record<CommandName | EndpointName, readonly string[]>> = {
  updateConversation: ['avatar'],
  updateSettings: ['mutedUntil'],
};

export interface EndpointSample {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: Fields;
}

const texts = (fields: Fields): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));

/** HTTP routes that a payload of a command can be sent to. */
export const routesOf = (command: CommandName, payload: Fields): CommandRoute[] =>
  COMMAND_ROUTES.filter((name) => {
    const { command: own, fixed } = ENDPOINTS[name];
    return own === command && Object.entries(fixed).every(([field, value]) => payload[field] === value);
  });

/** Converts a command's payload to the parts of a request. */
export function toRequest(name: CommandRoute, payload: Fields): EndpointSample {
  const { method, path, fixed } = ENDPOINTS[name];
  const fields = Object.entries(payload).filter(([field]) => !(field in fixed));
  const isParam = (field: string): boolean => path.split('/').includes(`:${field}`);
  const params = texts(Object.fromEntries(fields.filter(([field]) => isParam(field))));
  const rest = Object.fromEntries(fields.filter(([field]) => !isParam(field)));
  const takesBody = method !== 'get' && method !== 'delete';
  return {
    params,
    ...(Object.keys(rest).length > 0 && (takesBody ? { body: rest } : { query: texts(rest) })),
  };
}

/** Valid requests that together use every field of the endpoint's schemas. */
export const endpointSamples = (context: SampleContext): Record<EndpointName, readonly EndpointSample[]> => {
  const { conversationId, messageId, otherUserId, callerId, attachmentId, cursors } = context;
  const samples = commandSamples(context);
  const routed = {} as Record<CommandRoute, readonly EndpointSample[]>;
  for (const name of COMMAND_ROUTES) {
    const { command } = ENDPOINTS[name];
    routed[name] = samples[command]
      .filter((sample) => routesOf(command, sample).includes(name))
      .map((sample) => toRequest(name, sample));
  }
  const params = { conversationId };
  const occasion = { kind: 'order', id: '7', title: 'A bicycle' };
  return {
    ...routed,
    createOrGetChat: [
      { body: { otherUserId, occasion } },
      { body: { participants: [callerId, otherUserId] } },
    ],
    startConversation: [{ body: { otherUserId, occasion } }],
    listConversations: [{ query: { limit: '10', cursor: cursors.list } }, { query: { filter: 'groups' } }],
    getConversation: [{ params }],
    listMessages: [
      { params, query: { before: '2', limit: '10' } },
      { params, query: { after: '0' } },
      { params, query: { around: '1' } },
    ],
    sendMessage: samples.sendMessage.map(({ conversationId: _, ...body }) => ({ params, body })),
    markRead: [
      { params, body: { seq: 1 } },
      { params, body: { messageId } },
    ],
    markDelivered: [
      { params, body: { seq: 1 } },
      { params, body: { messageId } },
    ],
    redirectToFile: [{ params: { attachmentId } }],
    redirectToThumbnail: [{ params: { attachmentId } }],
    sync: [{ query: { cursor: cursors.sync } }],
    getUnread: [{}],
    getProfile: [{}],
    updateProfile: [{ body: { name: 'Alice', avatar: PICTURE } }],
    revokeTokens: [{}],
    createStreamTicket: [{}],
    listOwnMessages: [{ query: { limit: '10', cursor: btoa(`["${messageId}"]`) } }],
  };
};
