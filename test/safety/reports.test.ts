import { describe, expect, test } from 'vitest';
import { dataOf, Api } from '../support/api.js';
import type { TestClient } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { codeOf, createCouple, say } from './support/pair.js';

const moderate = (server: TestServer) =>
  server.connectAs('mod', { token: server.token('mod', { roles: ['moderator'] }) });

test('a moderator sees a reported message with ten before and after it, also of a chat that was closed since', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  for (let n = 3; n <= 30; n += 1) await say(n % 2 === 0 ? alice : bob, conversationId, `number ${n}`);
  await alice.ok('unmatch', { conversationId });
  const input = { conversationId, seq: 15, reason: 'harassment', comment: 'not nice' };
  const { reportId } = await alice.ok('report', input);
  const moderator = await moderate(server);
  const { reports } = await moderator.ok('getReports', {});
  expect(reports).toMatchObject([
    {
      ...{ _id: reportId, reporterId: 'alice', userId: 'bob', conversationId, seq: 15, status: 'open' },
      ...{ reason: 'harassment', comment: 'not nice' },
    },
  ]);
  const places = reports[0]?.context.map(({ seq, content }) => [seq, content]);
  expect(places).toEqual(Array.from({ length: 21 }, (_, n) => [n + 5, `number ${n + 5}`]));
});

test('there is one open report per reporter and subject; after it is resolved, another is possible', async () => {
  await using server = await startServer();
  const { alice, bob, conversationId } = await createCouple(server);
  const moderator = await moderate(server);
  const about = { conversationId, seq: 2, reason: 'spam' };
  const ids = await Promise.all([1, 2, 3, 4].map(() => alice.ok('report', about)));
  expect(new Set(ids.map(({ reportId }) => reportId)).size).toBe(1);
  const others = await Promise.all([
    alice.ok('report', { userId: 'bob', reason: 'scam' }),
    bob.ok('report', { userId: 'alice', reason: 'other' }),
  ]);
  expect((await moderator.ok('getReports', {})).reports).toHaveLength(3);
  const reportId = ids[0]?.reportId ?? '';
  await moderator.ok('resolveReport', { reportId, resolution: 'warned' });
  await moderator.ok('resolveReport', { reportId, resolution: 'something else' });
  const resolved = await moderator.ok('getReports', { status: 'resolved' });
  expect(resolved.reports).toMatchObject([{ _id: reportId, resolution: 'warned' }]);
  const again = await alice.ok('report', about);
  expect(again.reportId).not.toBe(reportId);
  expect(others.map((one) => one.reportId)).not.toContain(again.reportId);
});

test('reports are paged, the oldest first', async () => {
  await using server = await startServer();
  const [alice, moderator] = [await server.connectAs('alice'), await moderate(server)];
  for (const userId of ['bob', 'carol', 'dan']) await alice.ok('report', { userId, reason: 'spam' });
  const first = await moderator.ok('getReports', { limit: 2 });
  const second = await moderator.ok('getReports', { limit: 2, cursor: first.nextCursor });
  expect([...first.reports, ...second.reports].map(({ userId }) => userId)).toEqual(['bob', 'carol', 'dan']);
  expect(second.nextCursor).toBeUndefined();
  expect(await codeOf(moderator.call('getReports', { cursor: 'forged' }))).toBe('VALIDATION');
});

test('only moderators can read or resolve reports, or restrict users', async () => {
  await using server = await startServer();
  const { alice, conversationId } = await createCouple(server);
  const { reportId } = await alice.ok('report', { conversationId, seq: 2, reason: 'spam' });
  const backend = await server.connectAs('backend', {
    token: server.token('backend', { roles: ['backend'] }),
  });
  const pretender = await server.connectAs('eve', { token: server.token('eve', { roles: 'moderator' }) });
  for (const client of [alice, backend, pretender]) {
    expect(await codeOf(client.call('getReports', {}))).toBe('FORBIDDEN');
    expect(await codeOf(client.call('resolveReport', { reportId, resolution: 'mine' }))).toBe('FORBIDDEN');
    expect(await codeOf(client.call('restrictUser', { userId: 'bob', restricted: true }))).toBe('FORBIDDEN');
    expect(await codeOf(client.call('getAudit', {}))).toBe('FORBIDDEN');
  }
  const unknown = { reportId: '0'.repeat(24), resolution: 'gone' };
  expect(await codeOf((await moderate(server)).call('resolveReport', unknown))).toBe('NOT_FOUND');
  const api = new Api(server.url, server.token('mod', { roles: ['moderator'] }));
  expect(dataOf(await api.get<{ reports: unknown[] }>('/api/reports')).reports).toHaveLength(1);
});

test('messages that are not visible cannot be reported, nor can oneself', async () => {
  await using server = await startServer();
  const { alice, conversationId } = await createCouple(server);
  const eve = await server.connectAs('eve');
  const about = { conversationId, seq: 2, reason: 'spam' };
  expect(await codeOf(eve.call('report', about))).toBe('NOT_PARTICIPANT');
  expect(await codeOf(alice.call('report', { ...about, seq: 99 }))).toBe('NOT_FOUND');
  expect(await codeOf(alice.call('report', { ...about, seq: 1 }))).toBe('VALIDATION');
  expect(await codeOf(alice.call('report', { userId: 'alice', reason: 'spam' }))).toBe('VALIDATION');
  expect(await codeOf(alice.call('report', { ...about, userId: 'bob' }))).toBe('VALIDATION');
});

describe('a decision', () => {
  /** Alice reports a message of Bob's. */
  async function reported(server: TestServer) {
    const couple = await createCouple(server);
    const seq = await say(couple.bob, couple.conversationId, 'rude');
    const about = { conversationId: couple.conversationId, seq, reason: 'harassment' };
    const { reportId } = await couple.alice.ok('report', about);
    return { ...couple, seq, reportId, moderator: await moderate(server) };
  }
  const decided = async (moderator: TestClient) =>
    (await moderator.ok('getReports', { status: 'resolved' })).reports;

  test('to delete the message removes it for everyone, and says who decided', async () => {
    await using server = await startServer();
    const { alice, conversationId, seq, reportId, moderator } = await reported(server);
    await moderator.ok('resolveReport', { reportId, decision: 'deleteMessage', resolution: 'rude' });
    await alice.next('message:deleted', (push) => push.seq === seq);
    const { messages } = await alice.ok('getMessages', { conversationId });
    expect(messages.find((message) => message.seq === seq)).toMatchObject({ content: '' });
    expect(await decided(moderator)).toMatchObject([
      { _id: reportId, decision: 'deleteMessage', resolution: 'rude', resolvedBy: 'mod' },
    ]);
    expect((await decided(moderator))[0]?.resolvedAt).toMatch(/Z$/);
  });

  test('to restrict the user hides what they send from then on', async () => {
    await using server = await startServer();
    const { alice, bob, conversationId, reportId, moderator } = await reported(server);
    await moderator.ok('resolveReport', { reportId, decision: 'restrictUser' });
    await say(bob, conversationId, 'unheard');
    await say(alice, conversationId, 'heard');
    await alice.ok('getMessages', { conversationId });
    const { messages } = await alice.ok('getMessages', { conversationId });
    expect(messages.map(({ content }) => content)).not.toContain('unheard');
  });

  test('to ban the user ends their connections', async () => {
    await using server = await startServer();
    const { bob, reportId, moderator } = await reported(server);
    await moderator.ok('resolveReport', { reportId, decision: 'banUser' });
    expect(await bob.next('auth:expired')).toMatchObject({ code: 'FORBIDDEN', reconnect: false });
    await expect(server.connectAs('bob')).rejects.toMatchObject({ data: { code: 'FORBIDDEN' } });
  });

  test('stays: a second one has no effect', async () => {
    await using server = await startServer();
    const { alice, conversationId, seq, reportId, moderator } = await reported(server);
    await moderator.ok('resolveReport', { reportId, decision: 'dismiss' });
    await moderator.ok('resolveReport', { reportId, decision: 'deleteMessage' });
    const { messages } = await alice.ok('getMessages', { conversationId });
    expect(messages.find((message) => message.seq === seq)).toMatchObject({ content: 'rude' });
    expect(await decided(moderator)).toMatchObject([{ decision: 'dismiss' }]);
  });

  test('needs a decision or a note, and a message where it deletes one', async () => {
    await using server = await startServer();
    const { alice, moderator, reportId } = await reported(server);
    expect(await codeOf(moderator.call('resolveReport', { reportId }))).toBe('VALIDATION');
    expect(await codeOf(moderator.call('resolveReport', { reportId, decision: 'shout' }))).toBe('VALIDATION');
    const other = await alice.ok('report', { userId: 'bob', reason: 'scam' });
    const refused = moderator.call('resolveReport', { reportId: other.reportId, decision: 'deleteMessage' });
    expect(await codeOf(refused)).toBe('VALIDATION');
    expect((await moderator.ok('getReports', {})).reports).toHaveLength(2);
  });

  test('is in the audit log, which moderators read page by page', async () => {
    await using server = await startServer();
    const { moderator, reportId } = await reported(server);
    await moderator.ok('resolveReport', { reportId, decision: 'dismiss' });
    await moderator.ok('restrictUser', { userId: 'bob', restricted: true });
    const first = await moderator.ok('getAudit', { limit: 1 });
    const second = await moderator.ok('getAudit', { limit: 1, cursor: first.nextCursor });
    const actor = { kind: 'moderator', id: 'mod' };
    expect([...first.entries, ...second.entries]).toMatchObject([
      { actor, action: 'restrictUser', targets: { userIds: ['bob'] }, outcome: 'OK' },
      { actor, action: 'resolveReport:dismiss', targets: { reportId }, outcome: 'OK' },
    ]);
    expect(second.nextCursor).toBeUndefined();
  });
});
