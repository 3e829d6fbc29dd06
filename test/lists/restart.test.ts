import { expect, test } from 'vitest';
import type { TestClient } from '../support/client.js';
import { newDatabaseName } from '../support/server.js';
import { ServerProcess } from '../support/serverProcess.js';
import { until } from '../support/until.js';
import { createGroup } from '../groups/support/group.js';
import { say } from './support/list.js';
import { Replica } from './support/replica.js';

const FAR = '2999-01-01T00:00:00.000Z';

/** Creates a chat, a small group, a large one and a channel, each with ann. */
async function conversationsOf(owner: TestClient, ann: string): Promise<string[]> {
  const crowd = Array.from({ length: 55 }, (_, index) => `crowd${index}`);
  return [
    await owner.open(ann),
    (await createGroup(owner, { participants: [ann] }))._id,
    (await createGroup(owner, { participants: [ann, ...crowd] }))._id,
    (await createGroup(owner, { type: 'channel', participants: [ann] }))._id,
  ];
}

test(
  'a server killed while users write has correct totals before its first answer',
  { timeout: 120_000 },
  async () => {
    const databaseName = newDatabaseName();
    await using first = await ServerProcess.start({ databaseName });
    const [owner, reader] = await Promise.all([first.connectAs('ben'), first.connectAs('ann')]);
    const ids = await conversationsOf(owner, 'ann');
    const [chat = ''] = ids;
    await reader.ok('updateSettings', { conversationId: chat, mutedUntil: FAR, markedUnread: true });
    const counts = await Promise.all(
      ids.map(async (id) => {
        let said = 0;
        for (; said < 5; said += 1) await say(owner, id);
        return said;
      }),
    );
    await reader.ok('message:read', { conversationId: ids[3], seq: 3 });
    await first.kill();

    await using second = await ServerProcess.start({ databaseName });
    const answer = await second.api('ann').get('/api/unread');
    const [muted = 0, ...loud] = counts;
    const loudUnread = loud.reduce((sum, count) => sum + count, 0) - 2;
    expect(answer.body).toEqual({
      success: true,
      data: { totalUnread: loudUnread, mutedUnread: muted, unreadConversations: 3 },
    });
    const client = await second.connectAs('ann');
    const { conversations } = await client.ok('getConversations', {});
    expect(conversations.map(({ _id, unreadCount }) => [_id, unreadCount]).sort()).toEqual(
      ids.map((id, index) => [id, (counts[index] ?? 0) - (index === 3 ? 2 : 0)]).sort(),
    );
    expect(conversations.find(({ _id }) => _id === chat)).toMatchObject({
      mutedUntil: FAR,
      markedUnread: true,
    });
  },
);

test(
  'two processes: settings of one device on one process are seen by the other device on the other, and so are the totals',
  { timeout: 120_000 },
  async () => {
    const databaseName = newDatabaseName();
    await using one = await ServerProcess.start({ databaseName });
    await using two = await ServerProcess.start({ databaseName });
    const [owner, phone] = await Promise.all([one.connectAs('ben'), one.connectAs('ann')]);
    const tablet = await two.connectAs('ann');
    const ids = await conversationsOf(owner, 'ann');
    const replica = new Replica(tablet);
    await replica.sync();
    expect([...replica.conversations.keys()].sort()).toEqual(ids.toSorted());
    const [chat = '', group = '', large = '', channel = ''] = ids;
    for (const id of ids) await say(owner, id);
    await phone.ok('updateSettings', { conversationId: group, mutedUntil: FAR });
    await phone.ok('updateSettings', { conversationId: large, pinned: true });
    await phone.ok('deleteConversation', { conversationId: chat });
    await phone.ok('leaveConversation', { conversationId: channel });
    await until(
      async () => {
        await replica.sync();
        const { totalUnread, mutedUnread } = replica.totals;
        return totalUnread === 1 && mutedUnread === 1 && replica.conversations.size === 2;
      },
      { what: 'the other device with the same state' },
    );
    expect([...replica.conversations.keys()].sort()).toEqual([group, large].sort());
    expect(replica.settings.get(group)).toMatchObject({ mutedUntil: FAR });
    expect(replica.settings.get(large)).toHaveProperty('pinnedAt');
    const list = await tablet.ok('getConversations', {});
    expect(list.conversations.map(({ _id }) => _id)).toEqual([large, group]);
    // One process is killed while the other one writes: the survivor has everything acknowledged.
    await say(owner, group);
    await one.kill();
    await until(
      async () => {
        await replica.sync();
        return replica.totals.mutedUnread === 2;
      },
      { what: 'what the dead process had stored' },
    );
    await replica.sync();
    expect(replica.conversations.get(group)).toMatchObject({ unreadCount: 2 });
  },
);
