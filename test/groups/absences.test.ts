import { describe, expect, test } from 'vitest';
import { conversationId as idOf, userId, type UserId } from '../../contract/index.js';
import {
  absencesAfter,
  findAbsentAt,
  isAbsentAt,
  MAX_ABSENCES,
} from '../../backend/src/services/membership/absences.js';
import { emptyMembership } from '../../backend/src/services/membership/membership.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import type { TestClient } from '../support/client.js';
import { newDatabaseName, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { createGroup, readLog } from './support/group.js';

const server = sharedServer();

async function say(
  client: TestClient,
  conversationId: string,
  message: string | { content: string; replyTo: number },
) {
  const body = typeof message === 'string' ? { content: message } : message;
  const clientMessageId = crypto.randomUUID();
  return (await client.ok('sendMessage', { conversationId, clientMessageId, ...body })).seq;
}

interface Stage {
  conversationId: string;
  ann: TestClient;
  /** Removed twice, and added again twice. */
  ben: TestClient;
  /** A permanent member. */
  cid: TestClient;
  seqs: Record<'first' | 'away1' | 'between' | 'away2' | 'now', number>;
}

/**
 * Creates a group that Ben joins with its second message and is removed from twice. Later its history is open to all.
 */
async function createStage(at: TestServer, type: 'group' | 'channel' = 'group'): Promise<Stage> {
  const names = people('ann', 'ben', 'cid');
  const [ann, ben, cid] = await Promise.all(names.map((name) => at.connectAs(name)));
  if (!ann || !ben || !cid) throw new Error('three clients');
  const { _id: conversationId } = await createGroup(ann, {
    ...{ type, participants: [cid.userId], history: 'joined' },
  });
  const userIds = [ben.userId];
  const first = await say(ann, conversationId, 'zebra before Ben came');
  await ann.ok('addMembers', { conversationId, userIds });
  await ann.ok('removeMember', { conversationId, userId: ben.userId });
  const away1 = await say(ann, conversationId, 'zebra behind the back of Ben');
  await ann.ok('addMembers', { conversationId, userIds });
  const between = await say(ann, conversationId, 'zebra with Ben');
  await ann.ok('removeMember', { conversationId, userId: ben.userId });
  const away2 = await say(ann, conversationId, 'zebra behind his back again');
  await ann.ok('addMembers', { conversationId, userIds });
  const now = await say(ann, conversationId, { content: 'zebra since Ben is back', replyTo: away2 });
  await ann.ok('updateConversation', { conversationId, history: 'all' });
  return { conversationId, ann, ben, cid, seqs: { first, away1, between, away2, now } };
}

const shown = async (client: TestClient, conversationId: string): Promise<string[]> =>
  (await readLog(client, conversationId)).flatMap((entry) =>
    entry.kind === 'hidden' || entry.kind === 'system' ? [] : [entry.content],
  );

const BEFORE_AND_SINCE = ['zebra before Ben came', 'zebra with Ben', 'zebra since Ben is back'];

describe.each(['group', 'channel'] as const)('messages of a %s sent while a member was removed', (type) => {
  test('are in no page, search, change or quote of that member, even when its history is open to all', async () => {
    const { conversationId, ann, ben, cid, seqs } = await createStage(server(), type);
    await ann.ok('react', { conversationId, seq: seqs.away1, emoji: '👍', on: true });
    await ann.ok('editMessage', { conversationId, seq: seqs.away2, content: 'zebra, edited' });
    await ann.ok('pinMessage', { conversationId, seq: seqs.away1, pinned: true });
    await ann.ok('pinMessage', { conversationId, seq: seqs.between, pinned: true });
    expect(await shown(ben, conversationId)).toEqual(BEFORE_AND_SINCE);
    expect(await shown(cid, conversationId)).toHaveLength(5);
    for (const page of [{}, { before: seqs.now }, { around: seqs.away1 }, { around: seqs.away2 }]) {
      const { messages } = await ben.ok('getMessages', { conversationId, ...page });
      expect(JSON.stringify(messages)).not.toMatch(/behind|edited/);
    }
    const newest = (await ben.ok('getMessages', { conversationId })).messages.find(
      ({ seq }) => seq === seqs.now,
    );
    expect(newest).toMatchObject({ quoted: { seq: seqs.away2, kind: 'hidden' } });
    for (const where of [{ conversationId }, {}]) {
      const found = await ben.ok('searchMessages', { words: 'zebra', ...where });
      expect(found.messages.map(({ content }) => content).toReversed()).toEqual(BEFORE_AND_SINCE);
    }
    const { changes } = await ben.ok('getChanges', { conversationId, afterRev: 0 });
    expect(changes.map(({ kind }) => kind)).toEqual(['hidden', 'hidden', 'hidden', 'pin']);
    const { conversation } = await ben.ok('getConversation', { conversationId });
    expect(conversation.pinnedMessages).toEqual([seqs.between]);
  });

  test('are not returned when the member asks for them by seq', async () => {
    const { conversationId, ben, seqs } = await createStage(server(), type);
    const place = { conversationId, seq: seqs.away1 };
    const asked = [
      ben.call('getReceipts', place),
      ben.call('getReactions', place),
      ben.call('getEdits', place),
      ben.call('react', { ...place, emoji: '👍', on: true }),
      ben.call('deleteMessage', { ...place, for: 'me' }),
      ben.call('report', { ...place, reason: 'spam' }),
    ];
    for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('are not pushed to the member when they are changed or sent again', async () => {
    const { conversationId, ann, ben, cid, seqs } = await createStage(server(), type);
    for (const client of [ben, cid]) await client.ok('watchConversation', { conversationId, watching: true });
    await ann.ok('editMessage', { conversationId, seq: seqs.away1, content: 'a secret, edited' });
    const { messages } = await ann.ok('getMessages', { conversationId, around: seqs.away2 });
    const old = messages.find(({ seq }) => seq === seqs.away2);
    if (old === undefined || old.kind === 'hidden') throw new Error('the sender sees it');
    await ann.ok('sendMessage', {
      ...{ conversationId, content: old.content, clientMessageId: old.clientMessageId },
    });
    const last = await say(ann, conversationId, 'the end');
    await Promise.all([ben, cid].map((client) => client.next('message:new', ({ seq }) => seq === last)));
    expect(JSON.stringify(ben.heard)).not.toMatch(/behind|a secret/);
  });
});

test('messages sent after a voluntary leave are hidden in a group, and visible in a channel', async () => {
  const [ann, ben] = await Promise.all(people('ann', 'ben').map((name) => server().connectAs(name)));
  if (!ann || !ben) throw new Error('two clients');
  for (const type of ['group', 'channel'] as const) {
    const { _id: conversationId } = await createGroup(ann, {
      ...{ type, participants: [ben.userId], history: 'all' },
    });
    await ben.ok('leaveConversation', { conversationId });
    await say(ann, conversationId, 'without you');
    await ann.ok('addMembers', { conversationId, userIds: [ben.userId] });
    expect(await shown(ben, conversationId)).toEqual(type === 'group' ? [] : ['without you']);
  }
});

test('a member who was absent is known to have been, also when the membership at hand is older or newer than the documents', async () => {
  const { conversationId, ann, ben, seqs } = await createStage(server());
  const { members } = server().app.models;
  const id = idOf.parse(conversationId);
  const benId = userId.parse(ben.userId);
  const find = () => members.findByUsers(id, [benId]);
  await until(async () => (await find())[0]?.absences?.length === 2);
  const [before] = await find();
  if (before === undefined) throw new Error('Ben is a member');
  await ann.ok('removeMember', { conversationId, userId: ben.userId });
  await until(async () => (await find())[0]?.leftSeq !== undefined);
  const facts = { role: 'member' as const, joinedSeq: before.joinedSeq };
  const membership = {
    ...emptyMembership(id),
    ...{ type: 'group' as const, removalSeq: 1, members: new Map([[benId, facts]]) },
  };
  const seqList = [seqs.first, seqs.away1, seqs.between, seqs.away2, seqs.now];
  const absentAt = async (known?: Map<UserId, typeof before>) => {
    const found = await findAbsentAt(members, membership, { seqs: seqList, known });
    return seqList.filter((seq) => found.get(seq)?.has(benId) === true);
  };
  const away = [seqs.away1, seqs.away2];
  // The membership of before he was removed once more.
  expect(await absentAt()).toEqual(away);
  expect(await absentAt(new Map([[benId, before]]))).toEqual(away);
  // His document from before he came back, or none: nothing of before then is for him.
  const older = { ...before, joinedSeq: seqs.between - 1, absences: [] };
  const unknown = [seqs.first, ...away.slice(0, 1), seqs.between, seqs.away2];
  expect(await absentAt(new Map([[benId, older]]))).toEqual(unknown);
  expect(await absentAt(new Map())).toEqual(unknown);
});

test('another process knows the absence, also one that was not running at the time', async () => {
  const databaseName = newDatabaseName();
  await using first = await startServer({ databaseName });
  const { conversationId, ben, ann } = await createStage(first);
  await using second = await startServer({ databaseName });
  const elsewhere = await second.connectAs(ben.userId);
  expect(await shown(elsewhere, conversationId)).toEqual(BEFORE_AND_SINCE);
  await ann.ok('removeMember', { conversationId, userId: ben.userId });
  await say(ann, conversationId, 'zebra once more');
  const owner = await second.connectAs(ann.userId);
  await owner.ok('addMembers', { conversationId, userIds: [ben.userId] });
  expect(await shown(elsewhere, conversationId)).toEqual(BEFORE_AND_SINCE);
  await until(async () => (await shown(ben, conversationId)).join() === BEFORE_AND_SINCE.join());
});

describe('absences of one member', () => {
  const ben = 'ben' as UserId;
  const entry = (seq: number, type: 'added' | 'removed') => ({
    ...{ seq, n: 0, senderId: 'ann' as UserId, action: { type, userIds: [ben] } },
  });

  test('are the same whether they are derived at once, in parts, or twice', () => {
    const entries = [entry(3, 'removed'), entry(6, 'added'), entry(8, 'removed'), entry(9, 'added')];
    const whole = [{ fromSeq: 4, toSeq: 5 }];
    expect(absencesAfter('group', entries, []).get(ben)).toEqual(whole);
    const stored = [{ userId: ben, leftSeq: 3 }];
    expect(absencesAfter('group', entries.slice(1), stored).get(ben)).toEqual(whole);
    expect(absencesAfter('group', entries, [{ userId: ben, absences: whole }]).get(ben)).toEqual(whole);
  });

  test('are bounded: very many are combined to one that hides at least as much', () => {
    const entries = Array.from({ length: 2 * MAX_ABSENCES + 40 }, (_, index) =>
      entry(2 + 3 * index, index % 2 === 0 ? 'removed' : 'added'),
    );
    const absences = absencesAfter('group', entries, []).get(ben) ?? [];
    expect(absences.length).toBeLessThanOrEqual(MAX_ABSENCES);
    for (const { seq, action } of entries) {
      if (action.type === 'removed') expect(isAbsentAt(absences, seq + 1)).toBe(true);
    }
  });
});
