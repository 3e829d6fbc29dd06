import type { CommandRoute, UserId } from '../../../contract/index.js';
import { Api } from '../../support/api.js';
import type { TestServer } from '../../support/server.js';
import { openChat, sendAs } from './chat.js';
import { requestSample } from './requests.js';
import { toRequest, type SampleContext } from '../../../contract/documents/samples.js';
import { people } from './sharedServer.js';

/** Claims of a moderator's token. */
export const MODERATOR = { roles: ['moderator'] };

type Shelf = Pick<SampleContext, 'reportId'> & {
  cursors: Pick<SampleContext['cursors'], 'members' | 'blocked' | 'reports' | 'audit' | 'search'>;
};

/**
 * Objects that all samples can share, created once per server: a report, and cursors to a second page. A cursor is not
 * bound to a user, so every user can use it.
 */
const shelves = new WeakMap<TestServer, Promise<Shelf>>();

export function shelfOf(server: TestServer): Promise<Shelf> {
  const known = shelves.get(server) ?? stockShelf(server);
  shelves.set(server, known);
  return known;
}

async function stockShelf(server: TestServer): Promise<Shelf> {
  const [keeper, one, two] = people('keeper', 'one', 'two');
  const api = new Api(server.url, server.token(keeper, MODERATOR));
  const ask = async (name: CommandRoute, payload: Record<string, unknown>) => {
    const { body } = await requestSample(api, name, toRequest(name, payload));
    return (body.success ? body.data : {}) as Record<string, string | undefined>;
  };
  const cursor = async (name: CommandRoute, payload: Record<string, unknown>): Promise<string> =>
    (await ask(name, { ...payload, limit: 1 }))['nextCursor'] ?? '';
  await welcome(server, [one, two]);
  const { conversation } = await server.app.services.groups.create(
    { userId: keeper },
    { name: 'Keepers', participants: [one, two] },
  );
  const chat = await openChat(server, [keeper, one]);
  for (const content of ['hello', 'hello again'])
    await sendAs(server, { conversationId: chat, sender: one, content });
  for (const userId of [one, two]) await ask('blockUser', { userId, blocked: true });
  for (const userId of [one, two]) {
    await ask('report', { userId, reason: 'spam' });
    await ask('restrictUser', { userId });
  }
  return {
    reportId: (await ask('report', { userId: one, reason: 'scam' }))['reportId'] ?? '',
    cursors: {
      members: await cursor('getMembers', { conversationId: conversation._id }),
      blocked: await cursor('getBlocked', {}),
      reports: await cursor('getReports', { status: 'open' }),
      audit: await cursor('getAudit', {}),
      search: await cursor('searchMessages', { conversationId: chat, words: 'hello' }),
    },
  };
}

/** Registers users with the server: a user exists after the first use of a token. */
const welcome = (server: TestServer, userIds: readonly UserId[]) =>
  Promise.all(userIds.map((userId) => server.api(userId).get('/api/users/me')));
