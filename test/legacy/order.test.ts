import { afterAll, beforeAll, expect, test } from 'vitest';
import { SerialQueue } from '../../backend/src/utils/serialQueue.js';
import { messageOf, messagesOf } from '../support/messages.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { OldTestClient } from './support/oldClient.js';

let server: TestServer;
let round = 0;
/** Creates new users by connecting once. */
const people = async (...names: string[]): Promise<string[]> => {
  round += 1;
  const ids = names.map((name) => `${name}${round}`);
  for (const id of ids) (await server.connectAs(id)).close();
  return ids;
};
const TWELVE = Array.from({ length: 12 }, (_, index) => `m${index}`);

beforeAll(async () => {
  server = await startServer({ env: { LEGACY_EVENTS: 'true' } });
});
afterAll(() => server[Symbol.asyncDispose]());

test('twelve messages sent in a row by an old client are stored, delivered and answered in their order', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const modern = await server.connectAs(ben);
  await using old = await OldTestClient.as(server, ann);
  for (const text of TWELVE) old.emit('send_message', { conversationId: `direct_${ann}_${ben}`, text });

  await until(() => old.all('message_sent').length === 12, { what: 'twelve answers' });
  const { conversationId } = messageOf(await modern.next('message:new'));
  const stored = messagesOf(await modern.ok('getMessages', { conversationId }));
  expect(stored.map(({ content }) => content)).toEqual(TWELVE);
  expect(old.all('message_sent').map(({ text }) => text)).toEqual(TWELVE);
  expect(modern.pushes('message:new').map((push) => messageOf(push).content)).toEqual(TWELVE);
});

test('an old client creates a group and writes to it without waiting for an answer', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const modern = await server.connectAs(ben);
  await using old = await OldTestClient.as(server, ann);
  const id = `group_${Date.now()}${round}`;
  old.emit('create_group', { id, name: 'Trip', members: [ben] });
  for (const text of TWELVE) old.emit('send_message', { conversationId: id, text });

  await until(() => old.all('message_sent').length === 12, { what: 'twelve answers' });
  expect(old.all('error_message')).toEqual([]);
  const { conversation } = await modern.next('conversation:created');
  const stored = messagesOf(await modern.ok('getMessages', { conversationId: conversation._id }));
  expect(stored.filter(({ kind }) => kind === 'text').map(({ content }) => content)).toEqual(TWELVE);
});

test('a new command of an old connection waits its turn too, and a refused event blocks nothing', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const modern = await server.connectAs(ben);
  await using old = await OldTestClient.as(server, ann);
  const conversationId = await modern.open(ann);
  old.emit('send_message', { conversationId: `direct_${ann}_${ben}`, text: 'first' });
  old.emit('send_message', { conversationId: 'group_unknown', text: 'refused' });
  old.emit('sendMessage', { conversationId, content: 'second', clientMessageId: 'm2' });
  old.emit('send_message', { conversationId: `direct_${ann}_${ben}`, text: 'third' });
  await modern.next('message:new', (push) => messageOf(push).content === 'third');
  const stored = messagesOf(await modern.ok('getMessages', { conversationId }));
  expect(stored.map(({ content }) => content)).toEqual(['first', 'second', 'third']);
  expect(old.all('error_message')).toMatchObject([{ event: 'send_message' }]);
});

test('typing and stop_typing in a row arrive in order', async () => {
  const [ann = '', ben = ''] = await people('ann', 'ben');
  const modern = await server.connectAs(ben);
  await modern.open(ann);
  await using old = await OldTestClient.as(server, ann);
  for (let times = 0; times < 5; times += 1) {
    for (const event of ['typing', 'stop_typing'])
      old.emit(event, { conversationId: `direct_${ann}_${ben}` });
  }
  await until(() => modern.pushes('typing').length === 10, { what: 'ten signs of typing' });
  expect(modern.pushes('typing').map(({ typing }) => typing)).toEqual(Array(5).fill([true, false]).flat());
});

test('a serial queue runs one task at a time, in order, and survives a task that fails', async () => {
  const queue = new SerialQueue();
  const said: string[] = [];
  const say = (text: string) => async (): Promise<string> => {
    said.push(`${text} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    said.push(`${text} ends`);
    if (text === 'b') throw new Error('b fails');
    return text;
  };
  const results = ['a', 'b', 'c'].map((text) => queue.run(say(text)));
  expect(queue.length).toBe(3);
  expect(await Promise.allSettled(results)).toMatchObject([
    { value: 'a' },
    { reason: { message: 'b fails' } },
    { value: 'c' },
  ]);
  expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(queue.length).toBe(0);
});
