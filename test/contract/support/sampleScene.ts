import { ENDPOINTS, type EndpointName, type UserId } from '../../../contract/index.js';
import type { Api, ApiReply } from '../../support/api.js';
import type { TestServer } from '../../support/server.js';
import { openChat, sendAs } from './chat.js';
import type { EndpointSample, SampleContext } from './samples.js';
import { people } from './sharedServer.js';

/** A caller with what every command and endpoint can speak of: two conversations, a message, cursors, a token. */
export async function createSampleContext(
  server: TestServer,
  [caller, other]: readonly [UserId, UserId] = people('caller', 'other'),
): Promise<SampleContext> {
  const [third] = people('third');
  const conversationId = await openChat(server, [caller, other]);
  await openChat(server, [caller, third]);
  const { _id: messageId } = await sendAs(server, { conversationId, sender: other });
  const { nextCursor = '', syncCursor = '' } = await server.app.services.lists.page(caller, {
    limit: 1,
  });
  return {
    conversationId,
    messageId,
    otherUserId: other,
    callerId: caller,
    token: server.token(caller),
    listCursor: nextCursor,
    syncCursor,
  };
}

/** The path of an endpoint with its parameters and query in place. */
export function pathOf(name: EndpointName, { params = {}, query = {} }: EndpointSample): string {
  const path = ENDPOINTS[name].path.replace(/:(\w+)/g, (_, key: string) =>
    encodeURIComponent(params[key] ?? ''),
  );
  const search = new URLSearchParams(query).toString();
  return search === '' ? path : `${path}?${search}`;
}

export const requestSample = (api: Api, name: EndpointName, sample: EndpointSample): Promise<ApiReply> =>
  api.request(ENDPOINTS[name].method.toUpperCase(), pathOf(name, sample), sample.body);
