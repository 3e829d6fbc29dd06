import { describe, expect, test, vi } from 'vitest';
import { fillChat, sendAs } from '../contract/support/chat.js';
import { caughtUp } from '../contract/support/refusal.js';
import { createScene, everyone, type Scene } from '../contract/support/scene.js';
import { MODERATOR } from '../contract/support/shelf.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import { say } from '../lists/support/list.js';
import { Api } from '../support/api.js';
import type { TestClient } from '../support/client.js';

const server = sharedServer();

/** A scene in which Alice has sent this many messages, and their ids in order. */
async function sceneWith(count: number): Promise<Scene & { ids: string[] }> {
  const scene = await createScene(server());
  const { alice, conversationId } = scene;
  await fillChat(server(), { conversationId, senders: [alice.userId as never] }, count);
  await alice.next('message:new', ({ seq }) => seq === count);
  const { messages } = await alice.ok('getMessages', { conversationId });
  return { ...scene, ids: messages.map(({ _id = '' }) => _id) };
}

/** The newest status that a client was pushed of a user. */
async function statusOf(client: TestClient, userId: string) {
  await caughtUp([client]);
  const last = client.pushes('message:status').findLast((one) => one.userId === userId);
  return last && { status: last.status, messageId: last.messageId };
}

/** A group of four with history for all, in which each has a connection. */
async function groupOfFour() {
  const clients = await connectAll(server(), people('ann', 'ben', 'cid', 'dan'));
  const [owner, ...others] = clients;
  const participants = others.map(({ userId }) => userId);
  const { _id: conversationId } = await createGroup(owner, { participants, history: 'all' });
  return { conversationId, clients };
}

const sayTo = async (client: TestClient, conversationId: string): Promise<{ seq: number; _id: string }> =>
  say(client, conversationId);

describe('message:status', () => {
  test('says delivered with the message there, then read, to the other member and to own devices', async () => {
    const { alice, tablet, bob, conversationId, ids } = await sceneWith(3);
    const phone = await server().connectAs(bob.userId);
    for (const [command, status] of [
      ['message:delivered', 'delivered'],
      ['message:read', 'read'],
    ] as const) {
      const answer = await bob.ok(command, { conversationId, seq: 3 });
      expect(answer).toMatchObject({ status, messageId: ids[2], deliveredSeq: 3 });
      for (const client of [alice, tablet, phone]) {
        expect(await client.next('message:status', (one) => one.status === status)).toMatchObject({
          conversationId,
          userId: bob.userId,
          messageId: ids[2],
        });
      }
    }
  });

  test.each(['seq', 'messageId'] as const)('names a message amid the history, reported by %s', async (by) => {
    const { alice, bob, conversationId, ids } = await sceneWith(10);
    const place = (seq: number) => (by === 'seq' ? { seq } : { messageId: ids[seq - 1] });
    await bob.ok('message:delivered', { conversationId, ...place(7) });
    expect(await statusOf(alice, bob.userId)).toEqual({ status: 'delivered', messageId: ids[6] });
    expect(await bob.ok('message:read', { conversationId, ...place(4) })).toMatchObject({
      ...{ status: 'read', messageId: ids[3], readSeq: 4, deliveredSeq: 7 },
    });
    expect(await statusOf(alice, bob.userId)).toEqual({ status: 'read', messageId: ids[3] });
    await bob.ok('message:delivered', { conversationId, ...place(9) });
    expect(await statusOf(alice, bob.userId)).toEqual({ status: 'delivered', messageId: ids[8] });
  });

  test('of a repeated or older report is answered as the position stands, and not pushed', async () => {
    const scene = await sceneWith(5);
    const { bob, conversationId, ids } = scene;
    const { at: _first, ...answer } = await bob.ok('message:read', { conversationId, seq: 4 });
    await caughtUp(everyone(scene));
    const heard = everyone(scene).map((client) => client.heard.length);
    for (const seq of [4, 2]) {
      const { at: _at, ...again } = await bob.ok('message:read', { conversationId, seq });
      expect(again).toEqual(answer);
    }
    expect(await bob.ok('message:delivered', { conversationId, seq: 1 })).toMatchObject({
      ...{ status: 'delivered', messageId: ids[3], deliveredSeq: 4 },
    });
    await caughtUp(everyone(scene));
    expect(everyone(scene).map((client) => client.heard.length)).toEqual(heard);
  });

  test('is delivered, at the delivered position, for a receiver or a reader without read receipts', async () => {
    const { alice, bob, conversationId, ids } = await sceneWith(4);
    await bob.ok('updatePrivacy', { readReceipts: false });
    expect(await bob.ok('message:read', { conversationId, seq: 2 })).toMatchObject({
      ...{ status: 'read', messageId: ids[1] },
    });
    const delivered = { status: 'delivered', readSeq: 0 };
    expect(await alice.next('message:status')).toMatchObject({ ...delivered, messageId: ids[1] });
    await bob.ok('updatePrivacy', { readReceipts: true });
    await alice.ok('updatePrivacy', { readReceipts: false });
    await bob.ok('message:read', { conversationId, seq: 4 });
    expect(await alice.next('message:status', ({ deliveredSeq }) => deliveredSeq === 4)).toMatchObject({
      ...{ ...delivered, messageId: ids[3] },
    });
  });

  test('over HTTP has them, too', async () => {
    const { bob, conversationId, ids } = await sceneWith(2);
    const api = server().api(bob.userId);
    const path = `/api/conversations/${conversationId}`;
    expect((await api.post(`${path}/delivered`, { seq: 2 })).body).toMatchObject({
      data: { status: 'delivered', messageId: ids[1] },
    });
    expect((await api.post(`${path}/read`, { messageId: ids[0] })).body).toMatchObject({
      data: { status: 'read', messageId: ids[0] },
    });
  });

  test('of an empty conversation names no message', async () => {
    const { bob, conversationId } = await createScene(server());
    const answer = await bob.ok('message:read', { conversationId, seq: 1 });
    expect(answer).toMatchObject({ status: 'read', readSeq: 0 });
    expect(answer).not.toHaveProperty('messageId');
  });

  test('about the unread count alone (a message was deleted) moves nothing and names no message', async () => {
    const { alice, bob, conversationId } = await sceneWith(2);
    await alice.ok('deleteMessage', { conversationId, seq: 2, for: 'everyone' });
    const told = await bob.next('message:status', ({ userId }) => userId === bob.userId);
    expect(told).toMatchObject({ status: 'delivered', readSeq: 0, deliveredSeq: 0, unreadCount: 1 });
    expect(told).not.toHaveProperty('messageId');
  });

  test('names a message that was deleted for everyone: it keeps its id', async () => {
    const { alice, bob, conversationId, ids } = await sceneWith(3);
    await alice.ok('deleteMessage', { conversationId, seq: 3, for: 'everyone' });
    expect(await bob.ok('message:read', { conversationId, seq: 3 })).toMatchObject({ messageId: ids[2] });
  });
});

describe('a position at an entry that the receiver does not see names the nearest earlier message', () => {
  test('of a membership event', async () => {
    const { conversationId, clients } = await groupOfFour();
    const [ann, ben] = clients;
    const { _id } = await sayTo(ann, conversationId);
    const { conversation } = await ann.ok('updateConversation', { conversationId, name: 'Renamed' });
    const answer = await ben.ok('message:read', { conversationId, seq: conversation.lastSeq });
    expect(answer).toMatchObject({ status: 'read', readSeq: conversation.lastSeq, messageId: _id });
    expect(await statusOf(ann, ben.userId)).toEqual({ status: 'read', messageId: _id });
  });

  test('of which only the last ones are looked at', async () => {
    const { conversationId, clients } = await groupOfFour();
    const [ann, ben] = clients;
    await sayTo(ann, conversationId);
    for (const name of ['1', '2', '3', '4', '5'])
      await ann.ok('updateConversation', { conversationId, name });
    const { conversation } = await ann.ok('getConversation', { conversationId });
    const answer = await ben.ok('message:read', { conversationId, seq: conversation.lastSeq });
    expect(answer).not.toHaveProperty('messageId');
    expect(await statusOf(ann, ben.userId)).toEqual({ status: 'read', messageId: undefined });
  });

  test('of a user whom they have blocked, to them alone', async () => {
    const { conversationId, clients } = await groupOfFour();
    const [ann, ben, cid, dan] = clients;
    const before = await sayTo(ann, conversationId);
    await ann.ok('blockUser', { userId: cid.userId, blocked: true });
    const hidden = await sayTo(cid, conversationId);
    await ben.ok('message:read', { conversationId, seq: hidden.seq });
    expect(await statusOf(ann, ben.userId)).toEqual({ status: 'read', messageId: before._id });
    for (const client of [cid, dan]) {
      expect(await statusOf(client, ben.userId)).toEqual({ status: 'read', messageId: hidden._id });
    }
    expect(JSON.stringify(ann.heard)).not.toContain(hidden._id);
    // The blocked user does not learn of the block.
    await dan.ok('message:read', { conversationId, seq: before.seq });
    expect(await statusOf(cid, dan.userId)).toEqual({ status: 'read', messageId: before._id });
  });

  test('from before they joined, where there is none', async () => {
    const [annId, benId, cidId] = people('ann', 'ben', 'cid');
    const [ann, ben, cid] = await connectAll(server(), [annId, benId, cidId]);
    const { _id: conversationId } = await createGroup(ann, { participants: [benId], history: 'joined' });
    const early = await sayTo(ann, conversationId);
    await ann.ok('addMembers', { conversationId, userIds: [cidId] });
    await ben.ok('message:read', { conversationId, seq: early.seq });
    expect(await statusOf(ann, benId)).toEqual({ status: 'read', messageId: early._id });
    expect(await statusOf(cid, benId)).toEqual({ status: 'read', messageId: undefined });
    expect(JSON.stringify(cid.heard)).not.toContain(early._id);
  });

  test('of a restricted user, who sees their own message named as usual', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    const plain = await sendAs(server(), { conversationId, sender: alice.userId as never });
    const api = new Api(server().url, server().token(people('moderator')[0], MODERATOR));
    expect((await api.request('PUT', `/api/users/${alice.userId}/restriction`)).status).toBe(200);
    const shadow = await sendAs(server(), { conversationId, sender: alice.userId as never });
    expect(shadow.seq).toBe(2);
    const answer = await bob.ok('message:read', { conversationId, seq: 2 });
    expect(answer).toMatchObject({ readSeq: 2, messageId: plain._id });
    expect(await statusOf(alice, bob.userId)).toEqual({ status: 'read', messageId: shadow._id });
    expect(JSON.stringify(bob.heard)).not.toContain(shadow._id);
  });
});

describe('finding the message', () => {
  const spyOn = () => vi.spyOn(server().app.models.messages, 'factsUpTo');

  test('costs no query at the end of a log, and none for a report by message id', async () => {
    const { bob, conversationId, ids } = await sceneWith(5);
    const spy = spyOn();
    await bob.ok('message:delivered', { conversationId, messageId: ids[2] });
    await bob.ok('message:read', { conversationId, seq: 5 });
    await bob.ok('message:read', { conversationId, seq: 99 });
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  });

  test('costs one query per write, however many positions are in it', async () => {
    const { alice, bob, conversationId, ids } = await sceneWith(30);
    const spy = spyOn();
    const answers = await Promise.all(
      [alice, bob].flatMap((client) =>
        [3, 9, 20].map((seq) => client.ok('message:read', { conversationId, seq })),
      ),
    );
    // Merged reports are answered alike.
    for (const { userId, status, messageId } of answers.filter((one) => one.userId === bob.userId)) {
      expect({ userId, status }).toEqual({ userId: bob.userId, status: 'read' });
      expect(ids).toContain(messageId);
    }
    expect(spy.mock.calls.length).toBeLessThanOrEqual(2);
    spy.mockRestore();
  });
});
