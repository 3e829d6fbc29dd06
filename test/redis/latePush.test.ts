import { expect, test } from 'vitest';
import { caughtUp } from '../contract/support/refusal.js';
import { people } from '../contract/support/sharedServer.js';
import { createGroup } from '../groups/support/group.js';
import { until } from '../support/until.js';
import { startTwo } from './support/twoServers.js';

test('a message of a channel that Redis delivers late does not reach a member who was absent when it was sent', async () => {
  await using servers = await startTwo();
  const { a, b, redis } = servers;
  const [ann, ben, cid] = people('ann', 'ben', 'cid');
  const [here, there] = [await a.connectAs(ann), await b.connectAs(ann)];
  const [rejoined, member] = [await b.connectAs(ben), await b.connectAs(cid)];
  const { _id: conversationId } = await createGroup(here, { type: 'channel', participants: [ben, cid] });
  await member.ok('watchConversation', { conversationId, watching: true });
  await there.ok('removeMember', { conversationId, userId: ben });
  const say = (content: string) =>
    here.ok('sendMessage', { conversationId, content, clientMessageId: crypto.randomUUID() });
  // After a removal, sockets follow to another room a moment later.
  await until(
    async () => {
      const { seq } = await say('is it quiet again?');
      await new Promise((resolve) => setTimeout(resolve, 100));
      return member.pushes('message:new').some((entry) => entry.seq === seq);
    },
    { everyMs: 200 },
  );
  redis.pause();
  const content = 'behind the back of Ben';
  const { seq } = await say(content);
  await there.ok('addMembers', { conversationId, userIds: [ben] });
  await rejoined.ok('watchConversation', { conversationId, watching: true });
  redis.resume();
  expect(await member.next('message:new', (entry) => entry.seq === seq)).toMatchObject({ content });
  const { seq: since } = await say('for all');
  await rejoined.next('message:new', (entry) => entry.seq === since);
  await caughtUp([rejoined]);
  expect(JSON.stringify(rejoined.heard)).not.toContain(content);
});
