import { describe, expect, test } from 'vitest';
import { COMMANDS, COMMAND_NAMES, type CommandName } from '../../contract/index.js';
import { participantsKey } from '../../backend/src/utils/participantsKey.js';
import { sendAs } from '../contract/support/chat.js';
import { rawCollection } from '../contract/support/database.js';
import { caughtUp, expectRefused } from '../contract/support/refusal.js';
import { createSampleContext } from '../contract/support/sampleScene.js';
import { commandSamples } from '../../contract/documents/samples.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';

const server = sharedServer();
const NOWHERE = 'ffffffffffffffffffffffff';

/** All commands that name a conversation. */
const commands = COMMAND_NAMES.filter((name) => 'conversationId' in COMMANDS[name].payload.shape);

describe('a user who is not in a conversation (promise 6)', () => {
  test('could use one of these commands', () => {
    expect(commands).toEqual([
      'getConversation',
      'sendMessage',
      'getMessages',
      'message:delivered',
      'message:read',
      'typing',
      'getMembers',
      'addMembers',
      'removeMember',
      'joinConversation',
      'leaveConversation',
      'setRole',
      'updateConversation',
      'watchConversation',
      'editMessage',
      'deleteMessage',
      'react',
      'pinMessage',
      'getChanges',
      'getEdits',
      'getReactions',
      'getReceipts',
      'updateSettings',
      'clearHistory',
      'deleteConversation',
      'unmatch',
      'report',
      'searchMessages',
      'createAttachment',
    ] satisfies CommandName[]);
  });

  test.each(commands)('is refused by %s, as if it did not exist; no member is notified', async (name) => {
    const [alice, bob, eve] = people('alice', 'bob', 'eve');
    const context = await createSampleContext(server(), [alice, bob]);
    const [stranger, device, other] = await Promise.all([
      server().connectAs(eve),
      server().connectAs(alice),
      server().connectAs(bob),
    ]);
    const samples = commandSamples(context)[name].filter((sample) => 'conversationId' in sample);
    for (const sample of samples) {
      const answers = [];
      for (const conversationId of [sample['conversationId'], NOWHERE]) {
        answers.push(
          await expectRefused(() => stranger.call(name, { ...sample, conversationId }), {
            code: 'NOT_PARTICIPANT',
            server: server(),
            listeners: [stranger, device, other],
          }),
        );
      }
      expect(answers[0]).toEqual(answers[1]);
      expect(COMMANDS[name].codes).toContain('NOT_PARTICIPANT');
    }
  });

  test('receives nothing of it: no message, status, typing, presence or update', async () => {
    const [alice, bob, eve] = people('alice', 'bob', 'eve');
    const [stranger, one, two] = await Promise.all([
      server().connectAs(eve),
      server().connectAs(alice),
      server().connectAs(bob),
    ]);
    expect(await stranger.ok('presence:watch', { userIds: [alice, bob] })).toEqual({ presences: [] });
    const conversationId = await one.open(bob);
    await one.send(conversationId, 'hello');
    await two.ok('message:read', { conversationId, seq: 1 });
    await two.ok('typing', { conversationId, typing: true });
    await one.ok('getOrCreateDirect', { otherUserId: bob, occasion: { kind: 'general' } });
    await two.next('conversation:updated');
    two.close();
    await caughtUp([stranger, one]);
    expect(stranger.heard).toEqual([]);
    expect(await stranger.ok('getConversations', {})).toMatchObject({ conversations: [], totalUnread: 0 });
  });

  test('cannot use the id of one of its messages, nor a cursor of a member', async () => {
    const [alice, bob, eve, mallory] = people('alice', 'bob', 'eve', 'mallory');
    const context = await createSampleContext(server(), [alice, bob]);
    const stranger = await server().connectAs(eve);
    const own = await stranger.open(mallory);
    const place = { conversationId: own, messageId: context.messageId };
    expect(await stranger.call('message:read', place)).toMatchObject({ code: 'NOT_FOUND' });
    for (const [name, cursor] of [
      ['getConversations', context.cursors.list],
      ['sync', context.cursors.sync],
    ] as const) {
      const answer = await stranger.call(name, { cursor });
      expect(JSON.stringify(answer)).not.toContain(context.conversationId);
    }
  });

  test('cannot use the id of a conversation that was their chat under another key', async () => {
    const [alice, bob, eve] = people('alice', 'bob', 'eve');
    const client = await server().connectAs(eve);
    const { insertedId } = await rawCollection(server(), 'conversations').insertOne({
      type: 'direct',
      participants: [alice, bob],
      participantsKey: participantsKey(alice, eve),
    });
    const conversationId = insertedId.toHexString();
    expect(await client.call('getConversation', { conversationId })).toMatchObject({
      code: 'NOT_PARTICIPANT',
    });
    expect(await client.send(conversationId, 'hello')).toMatchObject({ code: 'NOT_PARTICIPANT' });
    expect(await client.open(alice)).not.toBe(conversationId);
  });
});

describe('the identity of the caller', () => {
  test('is taken from the token only: a payload cannot set it', async () => {
    const [alice, bob, eve] = people('alice', 'bob', 'eve');
    const context = await createSampleContext(server(), [alice, bob]);
    const client = await server().connectAs(eve);
    const claims = ['userId', 'senderId', 'sender', 'sub', 'caller', 'principal', 'as', '_id'];
    for (const name of COMMAND_NAMES) {
      const [sample] = commandSamples(context)[name];
      // The target user of a command is not a claim of identity.
      for (const claim of claims.filter((one) => !(one in COMMANDS[name].payload.shape))) {
        for (const value of [alice, { _id: alice }, [alice]]) {
          const answer = await client.call(name, { ...sample, [claim]: value });
          expect(answer).toMatchObject({ success: false, code: 'VALIDATION' });
        }
      }
      // A connection with nothing but refusals is ended.
      await client.ok('getPrivacy', {});
    }
  });

  test('is written on the message by the server', async () => {
    const [alice, bob] = people('alice', 'bob');
    const context = await createSampleContext(server(), [alice, bob]);
    const message = await sendAs(server(), { conversationId: context.conversationId, sender: alice });
    expect(message).toMatchObject({ senderId: alice, sender: { _id: alice } });
  });
});
