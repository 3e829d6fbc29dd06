import type { UserId } from '../../../contract/index.js';
import { newAttachmentId } from '../../../backend/src/models/attachmentModel.js';
import { Api } from '../../support/api.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';
import { openChat, sendAs } from './chat.js';
import type { SampleContext } from '../../../contract/documents/samples.js';
import { people } from './sharedServer.js';
import { MODERATOR, shelfOf } from './shelf.js';

/** URL of a receiver that refuses connections. */
const CLOSED_PORT = 'http://127.0.0.1:9/parley';

/**
 * Creates a caller with everything that commands and endpoints can refer to: conversations, messages, a group, cursors,
 * a token.
 */
export async function createSampleContext(
  server: TestServer,
  [caller, other]: readonly [UserId, UserId] = people('caller', 'other'),
): Promise<SampleContext> {
  const [third, stranger] = people('third', 'stranger');
  const { lists, groups } = server.app.services;
  const conversationId = await openChat(server, [caller, other]);
  await openChat(server, [caller, third]);
  const { conversation: group } = await groups.create(
    { userId: caller },
    { name: 'Friends', participants: [other] },
  );
  const { _id: messageId } = await sendAs(server, { conversationId, sender: other });
  await sendAs(server, { conversationId, sender: caller });
  const { nextCursor = '', syncCursor = '' } = await lists.page(caller, { limit: 1 });
  const { reportId, cursors } = await shelfOf(server);
  const attachmentId = await addReadyImage(server, caller);
  const webhookId = await findWebhook(server);
  return {
    ...{ conversationId, messageId, groupId: group._id, reportId, attachmentId },
    ...{ otherUserId: other, callerId: caller, strangerId: stranger },
    ...{ webhookId, webhookUrl: CLOSED_PORT },
    token: server.token(caller, MODERATOR),
    newUuid: () => crypto.randomUUID(),
    cursors: { ...cursors, list: nextCursor, sync: syncCursor },
  };
}

/** Returns a webhook of the server, which is switched off. One is enough for all scenes: their number is limited. */
async function findWebhook({ app }: TestServer): Promise<string> {
  const { webhooks } = app.services;
  const [known] = await webhooks.list();
  if (known !== undefined) return known._id;
  const { webhook } = await webhooks.add({ url: CLOSED_PORT, events: ['user.reported'] });
  return (await webhooks.change(webhook._id, { enabled: false }))._id;
}

/** Stores the row of an image as if it had been uploaded and checked. */
async function addReadyImage(server: TestServer, uploaderId: UserId): Promise<string> {
  const _id = newAttachmentId();
  await server.app.models.attachments.insert({
    ...{ _id, uploaderId, kind: 'image', status: 'ready', createdAt: new Date() },
    announced: { name: 'a.png', mimeType: 'image/png', sizeBytes: 1_000 },
    facts: { name: 'a.png', mimeType: 'image/png', sizeBytes: 900, width: 9, height: 9, hasThumbnail: true },
  });
  return _id;
}

/** Connects the caller of a context, with all rights that the samples need. */
export const connectCaller = (server: TestServer, { callerId, token }: SampleContext): Promise<TestClient> =>
  server.connectAs(callerId, { token });

export const callerApi = (server: TestServer, { token }: SampleContext): Api => new Api(server.url, token);
