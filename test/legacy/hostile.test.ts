import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPERATORS, SCALARS } from '../contract/support/hostile.js';
import { startServer, type TestServer } from '../support/server.js';
import { makeToken } from '../support/tokens.js';
import { OldTestClient } from './support/oldClient.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ env: { LEGACY_EVENTS: 'true' } });
});
afterAll(() => server[Symbol.asyncDispose]());

const exist = async (...ids: string[]): Promise<void> => {
  for (const id of ids) (await server.connectAs(id)).close();
};

const EVENTS = ['send_message', 'join_room', 'get_messages', 'mark_read', 'typing', 'create_group'];

test.each(EVENTS)('%s answers every malformed payload with a code (promise 10)', async (event) => {
  await exist('hannah', 'otto');
  await using old = await OldTestClient.as(server, 'hannah');
  const values = [...OPERATORS.map(([, value]) => value), ...SCALARS];
  for (const value of values) {
    for (const payload of [
      value,
      { conversationId: value, text: 'x' },
      { conversationId: 'direct_hannah_otto', text: value, tempId: value, messageId: value },
      { id: value, name: value, members: value },
      [value, value],
    ]) {
      const answer = await old.ask(event, payload);
      expect(typeof answer['success'], JSON.stringify(payload)).toBe('boolean');
      if (answer['success'] === false) expect(answer['code']).not.toBe('INTERNAL');
    }
  }
  for (const args of [[], [null, null, null], [{}, {}, {}, {}], [undefined]]) {
    expect(typeof (await old.ask(event, ...args))['success']).toBe('boolean');
  }
  // A failure is also sent without an acknowledgement.
  old.emit(event, { conversationId: { $ne: null } });
  await old.next('error_message');
  expect(old.socket.connected).toBe(true);
});

test('a stranger with the id of a pair gets the same answer as for an unknown id', async () => {
  await exist('mia', 'noah', 'eve');
  await using old = await OldTestClient.as(server, 'mia');
  await old.ask('send_message', { conversationId: 'direct_mia_noah', text: 'for noah' });
  await using eve = await OldTestClient.as(server, 'eve');
  const own = await server.connectAs('noah');
  for (const [event, more] of [
    ['send_message', { text: 'intruder', tempId: 'x' }],
    ['get_messages', {}],
    ['join_room', {}],
    ['mark_read', {}],
    ['typing', {}],
  ] as const) {
    const there = await eve.ask(event, { conversationId: 'direct_mia_noah', ...more });
    const nowhere = await eve.ask(event, { conversationId: 'direct_mia_nobody', ...more });
    const group = await eve.ask(event, { conversationId: 'group_1700000000000', ...more });
    const strip = ({ conversationId: _, ...rest }: Record<string, unknown>) => rest;
    expect(strip(there)).toMatchObject({ success: false, code: 'NOT_PARTICIPANT' });
    expect(strip(nowhere)).toEqual(strip(there));
    expect(strip(group)).toEqual(strip(there));
  }
  expect(own.pushes('message:new')).toEqual([]);
  expect(own.pushes('typing')).toEqual([]);
  expect(eve.names()).toEqual([]);
});

test('an ambiguous id is resolved by existing users, or refused', async () => {
  // direct_x_y_x is ambiguous: x with y_x, or x_y with x; both contain the caller.
  await exist('x', 'y_x', 'x_y');
  await using old = await OldTestClient.as(server, 'x');
  const refused = await old.ask('send_message', { conversationId: 'direct_x_y_x', text: 'for whom?' });
  expect(refused).toMatchObject({ success: false, code: 'CONFLICT' });
  const other = await server.connectAs('y_x');
  const id = await other.open('x');
  // Now only one existing chat matches.
  await old.ask('send_message', { conversationId: 'direct_x_y_x', text: 'for y_x' });
  await other.next('message:new');
  const third = await server.connectAs('x_y');
  const theirs = await third.open('x');
  expect(await old.ask('send_message', { conversationId: 'direct_x_y_x', text: 'again?' })).toMatchObject({
    ...{ success: false, code: 'CONFLICT' },
  });
  // Pushes to an old client use the server's id where the derived id would be ambiguous.
  await using fresh = await OldTestClient.as(server, 'x');
  await third.send(theirs, 'from x_y');
  expect(await fresh.next('receive_message')).toMatchObject({ conversationId: 'direct_x_x_y' });
  await other.send(id, 'from y_x');
  expect(await fresh.next('receive_message', ({ text }) => text === 'from y_x')).toMatchObject({
    conversationId: id,
  });
});

test('underscores in ids are accepted if only one reading contains the caller', async () => {
  await exist('a_b', 'c_d', 'a', 'b_c_d');
  await using old = await OldTestClient.as(server, 'a_b');
  await using outsider = await OldTestClient.as(server, 'a');
  const right = await server.connectAs('c_d');
  const wrong = await server.connectAs('b_c_d');
  await old.ask('send_message', { conversationId: 'direct_a_b_c_d', text: 'for c_d' });
  await right.next('message:new');
  // For another user the same id means another chat.
  await outsider.ask('send_message', { conversationId: 'direct_a_b_c_d', text: 'for b_c_d' });
  await wrong.next('message:new');
  expect(right.pushes('message:new')).toHaveLength(1);
  expect(wrong.pushes('message:new')).toHaveLength(1);
});

test('a chat without another user, or with oneself, is refused', async () => {
  await exist('lea');
  await using old = await OldTestClient.as(server, 'lea');
  const send = (conversationId: string) => old.ask('send_message', { conversationId, text: 'x' });
  expect(await send('direct_lea_nobody-by-that-name')).toMatchObject({ code: 'VALIDATION' });
  expect(await send('direct_lea_lea')).toMatchObject({ code: 'NOT_PARTICIPANT' });
  expect(await send('direct_lea_')).toMatchObject({ code: 'NOT_PARTICIPANT' });
  expect(await send(`direct_lea_${'x'.repeat(400)}`)).toMatchObject({ code: 'VALIDATION' });
});

test('an id of a group belongs to the user who used it first', async () => {
  await exist('gina', 'hugo', 'ivan');
  await using gina = await OldTestClient.as(server, 'gina');
  await using ivan = await OldTestClient.as(server, 'ivan');
  const id = 'group_1700000000999';
  const [first, second] = await Promise.all([
    gina.ask('create_group', { id, name: 'G', members: ['hugo'] }),
    ivan.ask('create_group', { id, name: 'I', members: [] }),
  ]);
  expect([first['success'], second['success']].filter(Boolean)).toHaveLength(1);
  const loser = first['success'] === true ? second : first;
  expect(loser).toMatchObject({ success: false, code: 'CONFLICT' });
  // Ids of other kinds cannot be taken by a group of that name.
  for (const taken of ['direct_hugo_ivan', '0123456789abcdef01234567', 'room_1']) {
    expect(await ivan.ask('create_group', { id: taken, name: 'I', members: [] })).toMatchObject({
      ...{ success: false, code: 'VALIDATION' },
    });
  }
});

test('a token in the query is checked like any other, and a user id in the payload is ignored', async () => {
  await exist('kim', 'leo');
  const expired = makeToken('kim', { exp: 1 });
  await expect(OldTestClient.connect(server.url, expired)).rejects.toMatchObject({
    data: { code: 'TOKEN_EXPIRED' },
  });
  await expect(OldTestClient.connect(server.url, 'none')).rejects.toMatchObject({
    data: { code: 'UNAUTHENTICATED' },
  });
  await using old = await OldTestClient.as(server, 'kim');
  const leo = await server.connectAs('leo');
  await old.ask('send_message', {
    ...{ conversationId: 'direct_kim_leo', text: 'x', senderId: 'leo', userId: 'leo' },
  });
  expect(await leo.next('message:new')).toMatchObject({ senderId: 'kim' });
});

test('names that are in no mapping are answered as unknown', async () => {
  await exist('pat');
  await using old = await OldTestClient.as(server, 'pat');
  for (const event of ['__proto__', 'constructor', 'hasOwnProperty', 'delete_everything']) {
    expect(await old.ask(event, {})).toMatchObject({ success: false, code: 'NOT_FOUND' });
  }
});

test('a user with an expired token receives nothing more under any name', async () => {
  await exist('ray', 'sue');
  const soon = server.token('ray', { exp: Math.floor(Date.now() / 1_000) + 2 });
  await using old = await OldTestClient.connect(server.url, soon);
  const sue = await server.connectAs('sue');
  const id = await sue.open('ray');
  await sue.send(id, 'in time');
  await old.next('receive_message');
  await old.next('session_expired', ({ code }) => code === 'TOKEN_EXPIRED');
  await sue.send(id, 'too late');
  expect(await old.ask('get_messages', { conversationId: 'direct_ray_sue' })).toMatchObject({
    ...{ success: false, code: 'TOKEN_EXPIRED' },
  });
  expect(old.all('receive_message')).toHaveLength(1);
});
