import { describe, expect, test } from 'vitest';
import { caughtUp } from '../contract/support/refusal.js';
import { createScene, type Scene } from '../contract/support/scene.js';
import { MODERATOR } from '../contract/support/shelf.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { Api, type ApiReply } from '../support/api.js';

const server = sharedServer();
const NOWHERE = 'f'.repeat(24);
const REFUSED = 'METHOD_NOT_ALLOWED';

const apiOf = ({ userId }: { userId: string }): Api => server().api(userId);
const moderator = (): Api => new Api(server().url, server().token(people('moderator')[0], MODERATOR));
const codeOf = ({ status, body }: ApiReply): [number, string] => [status, body.success ? 'OK' : body.code];
const reactionPath = (conversationId: string, emoji: string): string =>
  `/api/conversations/${conversationId}/messages/1/reactions/${encodeURIComponent(emoji)}`;

/** A scene with one message, of Alice's. */
async function sceneWithMessage(): Promise<Scene> {
  const scene = await createScene(server());
  await scene.alice.send(scene.conversationId, 'hello');
  return scene;
}

/** The answer without the time at which it was given. */
const timeless = ({ status, body }: ApiReply): [number, string] => [
  status,
  JSON.stringify(body, (name, value: unknown) => (name === 'at' ? undefined : value)),
];

/** Sends a request twice. Fails unless both were answered alike. */
async function twice(api: Api, method: string, path: string): Promise<ApiReply> {
  const [first, again] = [await api.request(method, path), await api.request(method, path)];
  expect(timeless(again)).toEqual(timeless(first));
  return first;
}

describe('PUT switches on, DELETE switches off, a repeat is answered alike', () => {
  test('blocks', async () => {
    const { alice, bob } = await createScene(server());
    const path = `/api/blocks/${bob.userId}`;
    const listed = async () => (await alice.ok('getBlocked', {})).users.map(({ _id }) => _id);
    const put = await twice(apiOf(alice), 'PUT', path);
    expect(put).toMatchObject({ status: 200, body: { data: { userId: bob.userId, blocked: true } } });
    expect(await listed()).toEqual([bob.userId]);
    const deleted = await twice(apiOf(alice), 'DELETE', path);
    expect(deleted).toMatchObject({ status: 200, body: { data: { userId: bob.userId, blocked: false } } });
    expect(await listed()).toEqual([]);
  });

  test('pins', async () => {
    const { alice, bob, conversationId } = await sceneWithMessage();
    const path = `/api/conversations/${conversationId}/messages/1/pin`;
    const pinned = async () =>
      (await bob.ok('getConversation', { conversationId })).conversation.pinnedMessages;
    const first = await apiOf(alice).request('PUT', path);
    expect(first).toMatchObject({ status: 200, body: { data: { change: { kind: 'pin', on: true } } } });
    expect(await bob.next('message:updated')).toMatchObject({ kind: 'pin', seq: 1, on: true });
    expect(await twice(apiOf(alice), 'PUT', path)).toMatchObject({
      body: { data: { change: { kind: 'pin', on: true } } },
    });
    expect(await pinned()).toEqual([1]);
    await apiOf(alice).request('DELETE', path);
    expect(await bob.next('message:updated', ({ on }) => on === false)).toMatchObject({
      kind: 'pin',
      seq: 1,
    });
    expect(await twice(apiOf(alice), 'DELETE', path)).toMatchObject({
      status: 200,
      body: { data: { change: { kind: 'pin', on: false } } },
    });
    expect(await pinned()).toEqual([]);
    await caughtUp([bob]);
    // Repeats change nothing and are not pushed.
    expect(bob.pushes('message:updated')).toHaveLength(2);
  });

  test.each(['👍', '❤\ufe0e', '👨‍👩‍👧', '#️⃣', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'])('reactions: %s, URL-encoded', async (emoji) => {
    const { bob, alice, conversationId } = await sceneWithMessage();
    const path = reactionPath(conversationId, emoji);
    const shown = async () => (await alice.ok('getReactions', { conversationId, seq: 1 })).reactions.length;
    const put = await apiOf(bob).request('PUT', path);
    expect(put).toMatchObject({ status: 200, body: { data: { change: { kind: 'reaction', on: true } } } });
    expect(await alice.next('message:reaction')).toMatchObject({ userId: bob.userId, on: true });
    expect(await twice(apiOf(bob), 'PUT', path)).toMatchObject({ status: 200 });
    expect(await shown()).toBe(1);
    const removed = await apiOf(bob).request('DELETE', path);
    expect(removed).toMatchObject({ status: 200, body: { data: { change: { on: false } } } });
    expect(await twice(apiOf(bob), 'DELETE', path)).toMatchObject({ status: 200 });
    expect(await shown()).toBe(0);
  });

  test('restrictions', async () => {
    const { alice } = await createScene(server());
    const api = moderator();
    const path = `/api/users/${alice.userId}/restriction`;
    const isRestricted = async () =>
      (await server().app.models.users.findRestricted()).some(({ _id }) => _id === alice.userId);
    const put = await twice(api, 'PUT', path);
    expect(put).toMatchObject({ status: 200, body: { data: { userId: alice.userId, restricted: true } } });
    expect(await isRestricted()).toBe(true);
    const lifted = await twice(api, 'DELETE', path);
    expect(lifted).toMatchObject({ status: 200, body: { data: { restricted: false } } });
    expect(await isRestricted()).toBe(false);
  });
});

describe('a switch is refused', () => {
  const METHODS = ['PUT', 'DELETE'];

  test.each(METHODS)('by %s with a body or a query', async (method) => {
    const { alice, bob, conversationId } = await sceneWithMessage();
    const message = `/api/conversations/${conversationId}/messages/1`;
    const wrong: [string, object][] = [
      [`/api/blocks/${bob.userId}`, { blocked: true }],
      [`${message}/pin`, { pinned: true }],
      [reactionPath(conversationId, '👍'), { on: true }],
    ];
    for (const [path, body] of wrong) {
      expect(codeOf(await apiOf(alice).request(method, path, body))).toEqual([400, 'VALIDATION']);
      const query = `${Object.keys(body).join()}=true`;
      expect(codeOf(await apiOf(alice).request(method, `${path}?${query}`))).toEqual([400, 'VALIDATION']);
    }
    const restriction = `/api/users/${bob.userId}/restriction`;
    expect(codeOf(await moderator().request(method, restriction, { restricted: true }))).toEqual([
      ...[400, 'VALIDATION'],
    ]);
  });

  test.each(METHODS)('by %s to strangers and for conversations that do not exist', async (method) => {
    const { conversationId } = await sceneWithMessage();
    const [eve] = people('eve');
    for (const id of [conversationId, NOWHERE]) {
      for (const path of [`/api/conversations/${id}/messages/1/pin`, reactionPath(id, '👍')]) {
        expect(codeOf(await server().api(eve).request(method, path))).toEqual([403, 'NOT_PARTICIPANT']);
      }
    }
    const restriction = `/api/users/${people('bob')[0]}/restriction`;
    expect(codeOf(await server().api(eve).request(method, restriction))).toEqual([403, 'FORBIDDEN']);
  });

  test.each(METHODS)('by %s for messages that do not exist', async (method) => {
    const { alice, conversationId } = await sceneWithMessage();
    const messages = `/api/conversations/${conversationId}/messages`;
    for (const path of [`${messages}/99/pin`, `${messages}/99/reactions/${encodeURIComponent('👍')}`]) {
      expect(codeOf(await apiOf(alice).request(method, path))).toEqual([404, 'NOT_FOUND']);
    }
    for (const path of [`${messages}/0/pin`, `${messages}/one/pin`, `${messages}/1.5/reactions/x`]) {
      expect(codeOf(await apiOf(alice).request(method, path))).toEqual([400, 'VALIDATION']);
    }
  });

  test.each(['%', '%E0%A4%A', '%ED%A0%80', '%00', '%20', 'x'.repeat(100), '%F0%9F%91%8D%20%F0%9F%91%8D'])(
    'for %j in the place of an emoji',
    async (emoji) => {
      const { bob, conversationId } = await sceneWithMessage();
      const path = `/api/conversations/${conversationId}/messages/1/reactions/${emoji}`;
      for (const method of METHODS) {
        expect(codeOf(await apiOf(bob).request(method, path))).toEqual([400, 'VALIDATION']);
      }
    },
  );

  test('for a text that is no emoji by PUT; DELETE takes it, for reactions of older versions', async () => {
    const { bob, conversationId } = await sceneWithMessage();
    const path = reactionPath(conversationId, 'LOVE');
    expect(codeOf(await apiOf(bob).request('PUT', path))).toEqual([400, 'VALIDATION']);
    expect(codeOf(await apiOf(bob).request('DELETE', path))).toEqual([200, 'OK']);
  });
});

test('a user whom the server has never seen can be blocked and restricted, and released again', async () => {
  const { alice } = await createScene(server());
  const [unknown] = people('unknown');
  for (const method of ['DELETE', 'PUT', 'DELETE']) {
    expect(codeOf(await apiOf(alice).request(method, `/api/blocks/${unknown}`))).toEqual([200, 'OK']);
    expect(codeOf(await moderator().request(method, `/api/users/${unknown}/restriction`))).toEqual([
      ...[200, 'OK'],
    ]);
  }
});

test.each([
  { method: 'PATCH', path: '/own', body: { archived: true }, expected: [404, 'NOT_FOUND', null] },
  { method: 'PUT', path: '/settings', body: { archived: true }, expected: [405, REFUSED, 'PATCH'] },
  { method: 'POST', path: '/messages/1/pin', body: {}, expected: [405, REFUSED, 'PUT, DELETE'] },
  { method: 'PATCH', path: '/messages/1/reactions/x', body: {}, expected: [405, REFUSED, 'PUT, DELETE'] },
  { method: 'DELETE', path: '/messages', body: undefined, expected: [405, REFUSED, 'GET, POST'] },
])('$method $path is not a route', async ({ method, path, body, expected }) => {
  const { alice, conversationId } = await sceneWithMessage();
  const reply = await apiOf(alice).request(method, `/api/conversations/${conversationId}${path}`, body);
  expect([...codeOf(reply), reply.headers.get('allow')]).toEqual(expected);
});

test('the name of a route is never taken for the id of a conversation', async () => {
  const { alice } = await sceneWithMessage();
  const reply = await apiOf(alice).request('PATCH', '/api/conversations/start', { title: 'x' });
  expect([...codeOf(reply), reply.headers.get('allow')]).toEqual([405, REFUSED, 'POST']);
});

test.each(['setConversation', 'openConversation', 'setPrivacy'])('%s is not an event', async (name) => {
  const { alice, conversationId } = await createScene(server());
  expect(await alice.raw.emitWithAck(name, { conversationId })).toMatchObject({
    success: false,
    code: 'NOT_FOUND',
  });
});
