import type { ServerEndpointName } from '../server/endpoints.js';
import type { EndpointSample, SampleContext } from './samples.js';

const PICTURE = 'https://x.example/a.png';

const userSamples = ({ otherUserId, strangerId }: SampleContext) => {
  const params = { userId: strangerId };
  return {
    upsertUser: [{ params, body: { name: 'Carol', avatar: PICTURE } }],
    upsertUsers: [
      {
        body: {
          users: [
            { userId: strangerId, name: 'Carol', avatar: PICTURE },
            { userId: otherUserId, avatar: null },
          ],
        },
      },
    ],
    getUser: [{ params }],
    deleteUser: [{ params }],
    banUser: [{ params }],
    unbanUser: [{ params }],
    revokeUserTokens: [{ params }],
    issueToken: [{ params, body: { expiresInS: 600 } }],
    getUserUnread: [{ params: { userId: otherUserId } }],
  };
};

const conversationSamples = (context: SampleContext) => {
  const { conversationId, groupId, callerId, otherUserId, strangerId, cursors, newUuid } = context;
  const params = { conversationId };
  const ofGroup = { conversationId: groupId };
  return {
    openDirect: [
      { body: { userIds: [callerId, otherUserId], occasion: { kind: 'general', title: 'You matched' } } },
      { body: { userIds: [callerId, strangerId], occasion: { kind: 'order', id: '7' } } },
    ],
    openGroup: [
      {
        body: {
          ownerId: callerId,
          type: 'group',
          name: 'Hikers',
          participants: [otherUserId],
          avatar: PICTURE,
          clientConversationId: newUuid(),
          history: 'all',
          open: false,
        },
      },
    ],
    getServerConversation: [{ params }],
    changeConversation: [
      { params: ofGroup, body: { name: 'Climbers', avatar: null, history: 'all', open: true } },
    ],
    closeConversation: [{ params, body: { userId: callerId } }, { params }],
    reopenConversation: [{ params }],
    getServerMembers: [{ params: ofGroup, query: { limit: '10', cursor: cursors.members } }],
    addServerMembers: [{ params: ofGroup, body: { userIds: [strangerId] } }],
    removeServerMember: [{ params: { ...ofGroup, userId: otherUserId } }],
    listUserConversations: [
      { params: { userId: callerId }, query: { limit: '10', cursor: cursors.list } },
      { params: { userId: callerId }, query: { filter: 'groups' } },
    ],
  };
};

const messageSamples = ({ conversationId, callerId, newUuid }: SampleContext) => {
  const params = { conversationId };
  const location = { latitude: 52.5, longitude: 13.4, title: 'Here' };
  const card = {
    kind: 'order',
    id: '7',
    title: 'A bicycle',
    pictureUrl: PICTURE,
    price: { amount: '99.90', currency: 'EUR' },
  };
  const attachment = { kind: 'image', url: PICTURE, name: 'a.png', mimeType: 'image/png', sizeBytes: 1_000 };
  return {
    sendServerMessage: [
      { params, body: { content: 'It is a match! Say hello.' } },
      { params, body: { senderId: callerId, content: 'hello', clientMessageId: newUuid(), replyTo: 1 } },
      { params, body: { attachments: [attachment] } },
      { params, body: { location } },
      { params, body: { card } },
    ],
    listServerMessages: [
      { params, query: { before: '2', limit: '10' } },
      { params, query: { after: '0' } },
      { params, query: { around: '1' } },
    ],
  };
};

const moderationSamples = (context: SampleContext) => {
  const { conversationId, strangerId, reportId, cursors } = context;
  const params = { userId: strangerId };
  return {
    editServerMessage: [{ params: { conversationId, seq: '2' }, body: { content: '***' } }],
    deleteServerMessage: [{ params: { conversationId, seq: '2' } }],
    restrictServerUser: [{ params }],
    unrestrictServerUser: [{ params }],
    listServerReports: [{ query: { limit: '10', cursor: cursors.reports, status: 'open' } }],
    resolveServerReport: [{ params: { reportId }, body: { resolution: 'warned' } }],
    listAudit: [{ query: { limit: '10', cursor: btoa(`["${reportId}"]`) } }],
  };
};

const webhookSamples = ({ webhookId, webhookUrl }: SampleContext) => {
  const params = { webhookId };
  return {
    addWebhook: [{ body: { url: webhookUrl, events: ['message.created', 'user.reported'] } }],
    listWebhooks: [{}],
    changeWebhook: [{ params, body: { events: ['user.reported'], enabled: false } }],
    removeWebhook: [{ params }],
    rotateWebhookSecret: [{ params, body: { overlapHours: 48 } }],
    testWebhook: [{ params }],
    replayWebhook: [{ params, body: { from: '2026-01-01T00:00:00.000Z' } }],
  };
};

/** Valid requests of the server-side API that together use every field of the endpoints' schemas. */
export const serverSamples = (
  context: SampleContext,
): Record<ServerEndpointName, readonly EndpointSample[]> => ({
  ...userSamples(context),
  ...conversationSamples(context),
  ...messageSamples(context),
  ...moderationSamples(context),
  ...webhookSamples(context),
});
