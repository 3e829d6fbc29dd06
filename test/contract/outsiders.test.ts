import { beforeAll, describe, expect, test } from 'vitest';
import {
  COMMAND_ROUTES,
  COMMANDS,
  COMMAND_NAMES,
  ENDPOINTS,
  ERRORS,
  type Answer,
  type CommandName,
  type ErrorCode,
  type UserId,
} from '../../contract/index.js';
import type { TestClient } from '../support/client.js';
import { expectRefused } from './support/refusal.js';
import { requestSample } from './support/requests.js';
import { createSampleContext } from './support/sampleScene.js';
import { commandSamples, routesOf, toRequest, type SampleContext } from '../../contract/documents/samples.js';
import { people, sharedServer } from './support/sharedServer.js';
import { sendAs } from './support/chat.js';

const server = sharedServer();

/** All commands that name a conversation. */
const named = COMMAND_NAMES.filter((name) => 'conversationId' in COMMANDS[name].payload.shape);

/** Commands of a group that are reserved for owner and admins. */
const STAFF_ONLY: readonly CommandName[] = [
  ...(['addMembers', 'removeMember', 'setRole', 'updateConversation', 'pinMessage'] as const),
];

interface Stage {
  context: SampleContext;
  owner: TestClient;
  member: TestClient;
  removed: TestClient;
  stranger: TestClient;
}

/** Creates a closed group with an owner, a member and a removed member, and a stranger. */
async function createStage(): Promise<Stage> {
  const [owner, member, removed, stranger] = people('owner', 'member', 'removed', 'stranger');
  const context = await createSampleContext(server(), [owner, member]);
  const { groups } = server().app.services;
  const { conversation } = await groups.create(
    { userId: owner },
    { name: 'Closed', participants: [member, removed], history: 'all' },
  );
  const groupId = conversation._id;
  const { _id: messageId } = await sendAs(server(), { conversationId: groupId, sender: removed });
  await sendAs(server(), { conversationId: groupId, sender: owner });
  await groups.remove({ userId: owner }, groupId, removed);
  const [ownerClient, memberClient, removedClient, strangerClient] = await Promise.all(
    [owner, member, removed, stranger].map((userId: UserId) => server().connectAs(userId)),
  );
  if (!ownerClient || !memberClient || !removedClient || !strangerClient) throw new Error('not connected');
  return {
    // Samples for the pair's conversation are used for the group here.
    context: { ...context, conversationId: groupId, groupId, messageId },
    ...{ owner: ownerClient, member: memberClient, removed: removedClient, stranger: strangerClient },
  };
}

/** Returns functions that run a command with a payload: over a socket, and over each of its HTTP routes. */
function waysIn(name: CommandName, client: TestClient, payload: Record<string, unknown>) {
  const overHttp = routesOf(name, payload).map((route) => async () => {
    const reply = await requestSample(server().api(client.userId), route, toRequest(route, payload));
    if (!reply.body.success) expect(reply.status).toBe(ERRORS[reply.body.code].status);
    return reply.body;
  });
  return [(): Promise<Answer<unknown>> => client.call(name, payload), ...overHttp];
}

async function expectClosed(
  name: CommandName,
  { scene, caller, code }: { scene: Stage; caller: TestClient; code: ErrorCode },
): Promise<void> {
  expect(['VALIDATION', ...COMMANDS[name].codes]).toContain(code);
  const listeners = [scene.owner, scene.member, scene.removed, scene.stranger];
  for (const sample of commandSamples(scene.context)[name]) {
    if (sample['conversationId'] === undefined) continue;
    // A cursor of another search would be refused for that reason.
    const { cursor: _cursor, ...payload } = sample;
    for (const act of waysIn(name, caller, payload)) {
      await expectRefused(act, { code, server: server(), listeners });
    }
  }
}

/** Leaving twice is answered with success, so `leaveConversation` is excluded. */
const OF_REMOVED = named.filter((name) => name !== 'leaveConversation');

let stage: Stage;
beforeAll(async () => {
  // Shared by all tests, because refused commands change nothing.
  stage = await createStage();
});

describe('every command that names a conversation', () => {
  test('is in this matrix: new commands of the contract are added automatically', () => {
    expect(named).toEqual(expect.arrayContaining(['sendMessage', 'searchMessages', 'getReceipts', 'report']));
    for (const name of named) {
      expect(COMMANDS[name].codes, name).toContain('NOT_PARTICIPANT');
      const samples = commandSamples({ ...NOTHING, conversationId: 'c', groupId: 'c' })[name];
      expect(
        samples.some(({ conversationId }) => conversationId === 'c'),
        name,
      ).toBe(true);
    }
    for (const name of STAFF_ONLY) expect(COMMANDS[name].codes).toContain('FORBIDDEN');
    for (const route of COMMAND_ROUTES) {
      expect(ENDPOINTS[route].codes).toEqual(COMMANDS[ENDPOINTS[route].command].codes);
    }
  });

  test.each(named)(
    '%s is refused for strangers, over a socket and HTTP, and no member is notified',
    async (name) => {
      await expectClosed(name, { scene: stage, caller: stage.stranger, code: 'NOT_PARTICIPANT' });
    },
  );

  test.each(OF_REMOVED)('%s is refused for a removed member in the same way', async (name) => {
    await expectClosed(name, { scene: stage, caller: stage.removed, code: 'NOT_PARTICIPANT' });
  });

  test.each(STAFF_ONLY)('%s is refused for a member without a role', async (name) => {
    const { context, owner } = stage;
    // The target is a user that the member has no authority over.
    const about = { ...stage, context: { ...context, otherUserId: owner.userId } };
    await expectClosed(name, { scene: about, caller: stage.member, code: 'FORBIDDEN' });
  });

  test.each(['editMessage', 'deleteMessage'] as const)(
    '%s of another user’s message is refused for a member without a role',
    async (name) => {
      // The samples refer to the message with seq 2, which the removed member sent.
      await expectClosed(name, { scene: stage, caller: stage.member, code: 'FORBIDDEN' });
    },
  );
});

const NOTHING: SampleContext = {
  ...{ conversationId: '', messageId: '', groupId: '', reportId: '', attachmentId: '', token: 't' },
  ...{ webhookId: '', webhookUrl: '' },
  ...{ otherUserId: 'x', callerId: 'y', strangerId: 'z' },
  newUuid: () => '',
  cursors: { list: 'c', sync: 'c', members: 'c', blocked: 'c', reports: 'c', audit: 'c', search: 'c' },
};
