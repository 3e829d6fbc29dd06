import { beforeAll, describe, expect, test, vi } from 'vitest';
import {
  COMMANDS,
  COMMAND_NAMES,
  ENDPOINTS,
  ERRORS,
  ROUTED_COMMANDS,
  type Answer,
  type CommandName,
  type ErrorCode,
  type RoutedCommand,
  type UserId,
} from '../../contract/index.js';
import type { TestClient } from '../support/client.js';
import { expectRefused } from './support/refusal.js';
import { requestSample } from './support/requests.js';
import { createSampleContext } from './support/sampleScene.js';
import { commandSamples, toRequest, type SampleContext } from './support/samples.js';
import { people, sharedServer } from './support/sharedServer.js';
import { sendAs } from './support/chat.js';

vi.setConfig({ testTimeout: 60_000 });
const server = sharedServer();

/** Every command that names a conversation. */
const named = COMMAND_NAMES.filter((name) => 'conversationId' in COMMANDS[name].payload.shape);
const isRouted = (name: CommandName): name is RoutedCommand =>
  (ROUTED_COMMANDS as readonly CommandName[]).includes(name);

/** What only owner and admins may do in a group: refused to the other members. */
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

/** A closed group with an owner, a member and somebody who was removed from it; a stranger has nothing to do with it. */
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
    // What samples say of the pair they say of the group here.
    context: { ...context, conversationId: groupId, groupId, messageId },
    ...{ owner: ownerClient, member: memberClient, removed: removedClient, stranger: strangerClient },
  };
}

/** The ways in: a socket, and HTTP where the command has a route. */
function waysIn(name: CommandName, client: TestClient, payload: Record<string, unknown>) {
  const ways: (() => Promise<Answer<unknown>>)[] = [() => client.call(name, payload)];
  if (isRouted(name)) {
    ways.push(async () => {
      const reply = await requestSample(server().api(client.userId), name, toRequest(name, payload));
      if (!reply.body.success) expect(reply.status).toBe(ERRORS[reply.body.code].status);
      return reply.body;
    });
  }
  return ways;
}

async function expectClosed(
  name: CommandName,
  { scene, caller, code }: { scene: Stage; caller: TestClient; code: ErrorCode },
): Promise<void> {
  expect(['VALIDATION', ...COMMANDS[name].codes]).toContain(code);
  const listeners = [scene.owner, scene.member, scene.removed, scene.stranger];
  for (const sample of commandSamples(scene.context)[name]) {
    if (sample['conversationId'] === undefined) continue;
    // A cursor of another search would be refused for itself.
    const { cursor: _cursor, ...payload } = sample;
    for (const act of waysIn(name, caller, payload)) {
      await expectRefused(act, { code, server: server(), listeners });
    }
  }
}

/** Who has left is told so again: that is no news to anybody. */
const OF_REMOVED = named.filter((name) => name !== 'leaveConversation');

let stage: Stage;
beforeAll(async () => {
  // One for all: whatever is refused changes nothing.
  stage = await createStage();
});

describe('every command that names a conversation', () => {
  test('is in this matrix: what is new in the contract comes by itself', () => {
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
    for (const name of named.filter(isRouted)) expect(ENDPOINTS[name].codes).toEqual(COMMANDS[name].codes);
  });

  test.each(named)(
    '%s is closed to strangers, over a socket and HTTP, and nobody hears of it',
    async (name) => {
      await expectClosed(name, { scene: stage, caller: stage.stranger, code: 'NOT_PARTICIPANT' });
    },
  );

  test.each(OF_REMOVED)('%s is closed to a removed member in the same way', async (name) => {
    await expectClosed(name, { scene: stage, caller: stage.removed, code: 'NOT_PARTICIPANT' });
  });

  test.each(STAFF_ONLY)('%s is closed to a member without a role', async (name) => {
    const { context, owner } = stage;
    // Somebody of whom the member is not in charge.
    const about = { ...stage, context: { ...context, otherUserId: owner.userId } };
    await expectClosed(name, { scene: about, caller: stage.member, code: 'FORBIDDEN' });
  });

  test.each(['editMessage', 'deleteMessage'] as const)(
    '%s of what somebody else wrote is closed to a member without a role',
    async (name) => {
      // The samples speak of place 2, which is the removed member's.
      await expectClosed(name, { scene: stage, caller: stage.member, code: 'FORBIDDEN' });
    },
  );
});

const NOTHING: SampleContext = {
  ...{ conversationId: '', messageId: '', groupId: '', reportId: '', token: 't' },
  ...{ otherUserId: 'x', callerId: 'y', strangerId: 'z' },
  cursors: { list: 'c', sync: 'c', members: 'c', blocked: 'c', reports: 'c', search: 'c' },
};
