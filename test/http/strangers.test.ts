import { describe, expect, test } from 'vitest';
import { ENDPOINTS, ENDPOINT_NAMES, type EndpointName } from '../../contract/index.js';
import { expectRefused } from '../contract/support/refusal.js';
import { pathOf, requestSample } from '../contract/support/requests.js';
import { createSampleContext } from '../contract/support/sampleScene.js';
import { endpointSamples } from '../../contract/documents/samples.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { Api } from '../support/api.js';

const server = sharedServer();
const NOWHERE = 'ffffffffffffffffffffffff';
const endpoints = ENDPOINT_NAMES.filter((name) => ENDPOINTS[name].path.includes(':conversationId'));

describe('a user who is not in a conversation (promise 6)', () => {
  test('could use one of these endpoints', () => {
    expect(endpoints).toEqual([
      'updateConversation',
      'deleteConversation',
      'getMembers',
      'addMembers',
      'setRole',
      'removeMember',
      'joinConversation',
      'leaveConversation',
      'updateSettings',
      'clearHistory',
      'unmatch',
      'editMessage',
      'deleteMessage',
      'getEdits',
      'getReceipts',
      'getReactions',
      'addReaction',
      'removeReaction',
      'pinMessage',
      'unpinMessage',
      'getChanges',
      'getConversation',
      'listMessages',
      'sendMessage',
      'markRead',
      'markDelivered',
    ] satisfies EndpointName[]);
  });

  test.each(endpoints)(
    'is refused by %s with 403, as if it did not exist; no member is notified',
    async (name) => {
      const [alice, bob, eve] = people('alice', 'bob', 'eve');
      const context = await createSampleContext(server(), [alice, bob]);
      const listeners = await Promise.all([alice, bob, eve].map((who) => server().connectAs(who)));
      const api = server().api(eve);
      for (const sample of endpointSamples(context)[name]) {
        const answers = [];
        for (const conversationId of [sample.params?.['conversationId'] ?? '', NOWHERE]) {
          const request = { ...sample, params: { ...sample.params, conversationId } };
          const act = async () => {
            const reply = await requestSample(api, name, request);
            expect(reply.status).toBe(403);
            return reply.body;
          };
          answers.push(await expectRefused(act, { code: 'NOT_PARTICIPANT', server: server(), listeners }));
        }
        expect(answers[0]).toEqual(answers[1]);
      }
    },
  );

  test('cannot open a chat between two others', async () => {
    const [alice, bob, eve] = people('alice', 'bob', 'eve');
    const listeners = await Promise.all([alice, bob, eve].map((who) => server().connectAs(who)));
    const act = async () => {
      const reply = await server()
        .api(eve)
        .post('/api/chats/create-or-get', { participants: [alice, bob] });
      expect(reply.status).toBe(403);
      return reply.body;
    };
    await expectRefused(act, { code: 'FORBIDDEN', server: server(), listeners });
  });
});

describe('a caller without a valid token', () => {
  test.each(ENDPOINT_NAMES)('is refused by %s with 401, before anything else is checked', async (name) => {
    const context = await createSampleContext(server());
    const tokens = [undefined, 'garbage', server().token(context.callerId, { exp: 1 })];
    const codes = ['UNAUTHENTICATED', 'UNAUTHENTICATED', 'TOKEN_EXPIRED'];
    for (const [index, token] of tokens.entries()) {
      const [sample = {}] = endpointSamples(context)[name];
      const wrong = { ...sample, params: { ...sample.params, conversationId: '{$ne:1}' } };
      for (const tried of [sample, wrong]) {
        const reply = await requestSample(new Api(server().url, token), name, tried);
        expect([reply.status, reply.body]).toEqual([
          401,
          expect.objectContaining({ success: false, code: codes[index] }),
        ]);
      }
    }
  });

  test.each([
    ['another scheme', (token: string) => `Basic ${token}`],
    ['no scheme', (token: string) => token],
    ['two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['a comma', (token: string) => `Bearer ${token},`],
    ['no token', () => 'Bearer '],
  ])('with %s in the header', async (_what, header) => {
    const [alice] = people('alice');
    const response = await fetch(`${server().url}/api/users/me`, {
      headers: { authorization: header(server().token(alice)) },
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ success: false, code: 'UNAUTHENTICATED' });
  });

  test('with a token in a query string or a cookie is refused: only the header counts', async () => {
    const [alice] = people('alice');
    const token = server().token(alice);
    const path = pathOf('getProfile', {});
    const attempts = await Promise.all([
      fetch(`${server().url}${path}?access_token=${token}`),
      fetch(`${server().url}${path}?access_token[$ne]=null`),
      fetch(`${server().url}${path}?token=${token}`),
      fetch(`${server().url}${path}`, { headers: { cookie: `token=${token}` } }),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  });
});
