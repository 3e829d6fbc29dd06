import { describe, expect, test } from 'vitest';
import type { MessageView } from '../../contract/index.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { say } from '../lists/support/list.js';
import { dataOf } from '../support/api.js';
import type { TestClient } from '../support/client.js';
import { connectAll, createGroup } from './support/group.js';

const server = sharedServer();

/** Returns the messages of a user, newest first, without membership events. */
async function ownMessages(client: TestClient): Promise<MessageView[]> {
  const api = server().api(client.userId);
  const { messages } = dataOf(await api.get<{ messages: MessageView[] }>('/api/users/me/messages'));
  return messages.filter(({ kind }) => kind !== 'system');
}

/** Does everything that can happen to messages in a group. */
async function makeNoise(owner: TestClient, conversationId: string, seqs: readonly number[]): Promise<void> {
  const [first = 0, second = 0, third = 0] = seqs;
  await owner.ok('react', { conversationId, seq: first, emoji: '❤️', on: true });
  await owner.ok('pinMessage', { conversationId, seq: second, pinned: true });
  await owner.ok('message:read', { conversationId, seq: third });
  await owner.ok('deleteMessage', { conversationId, seq: third, for: 'everyone' });
}

describe.each(['group', 'channel'] as const)('a former member of a %s', (type) => {
  async function scene() {
    const [ann, ben] = people('ann', 'ben');
    const [owner, former] = await connectAll(server(), [ann, ben]);
    const { _id: conversationId } = await createGroup(owner, { type, history: 'all', participants: [ben] });
    await owner.ok('setRole', { conversationId, userId: ben, role: 'admin' });
    const sent = ['one', 'two', 'three'].map((content) => ({
      ...{ conversationId, content, clientMessageId: crypto.randomUUID() },
    }));
    const seqs: number[] = [];
    for (const one of sent) seqs.push((await former.ok('sendMessage', one)).seq);
    const again = async () => Promise.all(sent.map((one) => former.ok('sendMessage', one)));
    return { owner, former, conversationId, seqs, again };
  }

  test('sees nothing in their own messages that happened after the removal', async () => {
    const { owner, former, conversationId, seqs, again } = await scene();
    await owner.ok('removeMember', { conversationId, userId: former.userId });
    const [before, answered] = [await ownMessages(former), await again()];
    expect(before.map(({ content, status }) => [content, status])).toEqual([
      ['three', 'sent'],
      ['two', 'sent'],
      ['one', 'sent'],
    ]);
    await makeNoise(owner, conversationId, seqs);
    // The third message was deleted for everyone, so it is not listed any more.
    expect(await ownMessages(former)).toEqual(before.slice(1));
    expect(await again()).toEqual(answered);
  });

  test('sees nothing of others in their own messages, because the state at the removal is not stored', async () => {
    const { owner, former, conversationId, seqs } = await scene();
    await makeNoise(owner, conversationId, seqs);
    await owner.ok('removeMember', { conversationId, userId: former.userId });
    for (const message of await ownMessages(former)) {
      expect(message).toMatchObject({ status: 'sent', reactions: [] });
      for (const name of ['readCount', 'deliveredCount', 'pinned', 'deletedAt']) {
        expect(message).not.toHaveProperty(name);
      }
    }
  });

  test('sees everything again after being added again, and their own deletions all the time', async () => {
    const { owner, former, conversationId, seqs } = await scene();
    const own = await say(former, conversationId, 'four');
    await former.ok('deleteMessage', { conversationId, seq: own.seq, for: 'everyone' });
    await former.ok('leaveConversation', { conversationId });
    expect((await ownMessages(former))[0]).toMatchObject({ seq: own.seq, content: '' });
    await makeNoise(owner, conversationId, seqs);
    await owner.ok('addMembers', { conversationId, userIds: [former.userId] });
    const [, third, second, first] = await ownMessages(former);
    expect(third).toMatchObject({ content: '', reactions: [] });
    expect(third).toHaveProperty('deletedAt');
    expect(second).toMatchObject({ content: 'two', pinned: true });
    expect(first).toMatchObject({ content: 'one', reactions: [{ emoji: '❤️', count: 1 }] });
  });
});
