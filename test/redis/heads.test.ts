import { expect, test, vi } from 'vitest';
import type { TestServer } from '../support/server.js';
import { createDeferred } from '../../backend/src/utils/deferred.js';
import { connectAll, createGroup } from '../groups/support/group.js';
import { startTwo } from './support/twoServers.js';

/** Keeps a server from writing summaries until the end of the scope. */
function withoutSummaries({ app: { models } }: TestServer): Disposable {
  const { conversations } = models;
  const write = conversations.mergeSummaries.bind(conversations);
  const end = createDeferred<undefined>();
  const spy = vi.spyOn(conversations, 'mergeSummaries').mockImplementation(async (summaries) => {
    await end.promise;
    return write(summaries);
  });
  return {
    [Symbol.dispose]: () => {
      spy.mockRestore();
      end.resolve(undefined);
    },
  };
}

test.each(['known', 'unknown'])(
  'a process that has pushed the head of a channel that is %s to it answers with nothing older, though another one has still to write its summary',
  async (isKnown) => {
    await using servers = await startTwo();
    const { a, b } = servers;
    const [owner] = await connectAll(a, ['ann']);
    const create = (name: string) => createGroup(owner, { type: 'channel', name, participants: ['bob'] });
    const [{ _id: written }, { _id: renamed }] = await Promise.all([create('written'), create('old')]);
    const [member] = await connectAll(b, ['bob']);
    const get = async (conversationId: string) =>
      (await member.ok('getConversation', { conversationId })).conversation;
    if (isKnown === 'known') for (const id of [written, renamed]) await get(id);
    using _paused = withoutSummaries(a);
    await owner.send(written, 'news');
    await member.next(
      'conversation:updated',
      ({ head }) => head.conversationId === written && head.lastSeq === 2,
    );
    const shown = { lastSeq: 2, lastMessage: { seq: 2, content: 'news' }, unreadCount: 1 };
    expect(await get(written)).toMatchObject(shown);
    const { conversations, totalUnread } = await member.ok('getConversations', {});
    expect(conversations[0]).toMatchObject({ _id: written, ...shown });
    expect(totalUnread).toBe(1);
    await owner.ok('updateConversation', { conversationId: renamed, name: 'new' });
    await member.next(
      'conversation:updated',
      ({ head }) => head.conversationId === renamed && head.lastSeq === 2,
    );
    expect(await get(renamed)).toMatchObject({
      name: 'new',
      lastSeq: 2,
      lastMessage: { seq: 2 },
      unreadCount: 0,
    });
  },
);
