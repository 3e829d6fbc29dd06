import type { UserId } from '../../../contract/index.js';
import { Api } from '../../support/api.js';
import type { TestClient } from '../../support/client.js';
import type { TestServer } from '../../support/server.js';
import { openChat, sendAs } from './chat.js';
import type { SampleContext } from '../../../contract/documents/samples.js';
import { people } from './sharedServer.js';
import { MODERATOR, shelfOf } from './shelf.js';

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
  return {
    ...{ conversationId, messageId, groupId: group._id, reportId },
    ...{ otherUserId: other, callerId: caller, strangerId: stranger },
    token: server.token(caller, MODERATOR),
    newUuid: () => crypto.randomUUID(),
    cursors: { ...cursors, list: nextCursor, sync: syncCursor },
  };
}

/** Connects the caller of a context, with all rights that the samples need. */
export const connectCaller = (server: TestServer, { callerId, token }: SampleContext): Promise<TestClient> =>
  server.connectAs(callerId, { token });

export const callerApi = (server: TestServer, { token }: SampleContext): Api => new Api(server.url, token);
