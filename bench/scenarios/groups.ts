import type { ReadResult } from '../load/commands.js';
import { times, type Check, type Figure } from '../results.js';
import { makeUserIds, settle, type Scenario, type Stage } from './scenario.js';

const READERS = 100;
const group = 'members';

const check = (name: string, { problems, times: { count } }: ReadResult): Check => ({
  name,
  passed: problems.length === 0,
  detail: problems.join('; ') || `${count} times`,
});

interface Part {
  figures: Figure[];
  checks: Check[];
}

/** One user reads many chats, one at a time. */
async function markReadOneToOne(stage: Stage): Promise<Part> {
  const { server } = stage.subject;
  const rounds = stage.quick ? 60 : 400;
  stage.progress(`marking read: ${rounds} one-to-one chats`);
  const others = makeUserIds('chat', rounds + 20);
  await stage.load.run('makeConversations', { server, userId: 'popular', others, atOnce: 16 });
  await stage.load.run('connect', { server, group: 'popular', userIds: ['popular'], atOnce: 1 });
  await settle(stage);
  const reading = await stage.load.run('readEach', { group: 'popular', rounds });
  return {
    figures: times('mark read, one-to-one', reading.times),
    checks: [check('marking read is answered, no unread messages left', reading)],
  };
}

/** All members read the same message at the same time: with the receipt window for large groups, and without. */
async function markReadTogether(stage: Stage): Promise<Part> {
  const userIds = makeUserIds('reader', READERS + 1);
  const { server } = stage.subject;
  await stage.load.run('connect', { server, group, userIds, atOnce: 20 });
  const made = await stage.load.run('makeGroup', { group, type: 'group', members: userIds.slice(1) });
  const { conversationId } = made;
  const input = { group, conversationId };
  const rounds = stage.quick ? 2 : 4;
  stage.progress(`marking read: ${READERS} readers of a message, ${rounds} times, with the window`);
  const withWindow = await stage.load.run('readTogether', { ...input, rounds });
  await stage.load.run('disconnect', { group });
  await stage.subject.restart('SIGTERM', { RECEIPT_WINDOW_LARGE_MS: '0' });
  await stage.load.run('connect', { server, group, userIds, atOnce: 20 });
  await settle(stage);
  stage.progress('the same without the window');
  await stage.load.run('readTogether', { ...input, rounds: 3 });
  const withoutWindow = await stage.load.run('readTogether', { ...input, rounds: stage.quick ? 10 : 60 });
  await stage.load.run('disconnect', { group });
  await stage.subject.restart('SIGTERM');
  return {
    figures: [
      ...times(`mark read, ${READERS} readers, all answered`, withoutWindow.all.times),
      ...times(`mark read, ${READERS} readers, first answered with the window`, withWindow.first.times),
      ...times(`mark read, ${READERS} readers, all answered with the window`, withWindow.all.times),
    ],
    checks: [
      check(`seen by ${READERS}, exactly, with the window`, withWindow.all),
      check(`seen by ${READERS}, exactly, without it`, withoutWindow.all),
    ],
  };
}

/** The cost of a post must not depend on the number of members. */
async function postToChannels(stage: Stage): Promise<Part> {
  const many = stage.quick ? 1_500 : 10_000;
  const { server } = stage.subject;
  await stage.load.run('connect', { server, group, userIds: ['owner'], atOnce: 1 });
  const make = async (count: number) => {
    stage.progress(`a channel of ${count}`);
    const members = makeUserIds(`of${count}`, count - 1);
    return stage.load.run('makeGroup', { group, type: 'channel', members });
  };
  const [small, large] = [await make(10), await make(many)];
  await settle(stage);
  stage.progress('posting to both in turn');
  const input = { group, conversationIds: [small.conversationId, large.conversationId] };
  await stage.load.run('post', { ...input, rounds: 20 });
  const posted = await stage.load.run('post', { ...input, rounds: stage.quick ? 40 : 300 });
  await stage.load.run('disconnect', { group });
  const [ofSmall, ofLarge] = input.conversationIds.map((id) => posted[id]);
  if (ofSmall === undefined || ofLarge === undefined) throw new Error('No message was sent.');
  return {
    figures: [
      ...times('post to a channel of 10', ofSmall.times),
      ...times(`post to a channel of 10,000`, ofLarge.times),
      {
        name: 'post, 10,000 ÷ 10 members, p50',
        unit: 'x',
        value: Math.round((ofLarge.times.p50 / ofSmall.times.p50) * 100) / 100,
      },
    ],
    checks: [
      {
        name: 'the large channel has all its members',
        passed: large.memberCount === many,
        detail: `${large.memberCount} of ${many}, ${Math.round(large.wallMs)} ms`,
      },
    ],
  };
}

/** A group of the maximum size. A fifth of its members have it open while some send. */
async function writeHot(stage: Stage): Promise<Part> {
  const [size, open, senders] = stage.quick ? [200, 60, 10] : [1_000, 200, 20];
  const userIds = makeUserIds('hot', size);
  const { server } = stage.subject;
  await stage.load.run('connect', { server, group, userIds: userIds.slice(0, open), atOnce: 50 });
  const made = await stage.load.run('makeGroup', { group, type: 'group', members: userIds.slice(1) });
  await settle(stage);
  stage.progress(`a group of ${size}, ${open} have it open, ${senders} send`);
  const { conversationId } = made;
  const spans = { warmUpMs: stage.quick ? 500 : 3_000, measureMs: stage.quick ? 1_500 : 10_000 };
  const hot = await stage.load.run('hotGroup', { group, conversationId, senders, ...spans });
  return {
    figures: [
      { name: 'busy group: messages', unit: 'msg/s', value: Math.round(hot.perSecond) },
      { name: 'busy group: delivered', unit: 'per s', value: Math.round(hot.perSecond * (open - 1)) },
      ...times('busy group: send→ack', hot.toAcknowledge),
      ...times('busy group: send→delivered', hot.toDeliver),
    ],
    checks: [
      {
        name: 'every user with the group open received every message',
        passed: hot.missing === 0 && hot.refused === 0,
        detail: `${hot.sent} messages, ${hot.missing} deliveries missing, ${hot.refused} refused`,
      },
    ],
  };
}

async function run(stage: Stage): Promise<Part> {
  const parts = [
    await markReadOneToOne(stage),
    await markReadTogether(stage),
    await postToChannels(stage),
    await writeHot(stage),
  ];
  return {
    figures: parts.flatMap(({ figures }) => figures),
    checks: parts.flatMap(({ checks }) => checks),
  };
}

export const GROUPS: Scenario = {
  id: 'j',
  title: 'Marking read, channels, and a busy group',
  targets: ['parley'],
  run,
};
