import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  COMMANDS,
  COMMAND_NAMES,
  ENDPOINTS,
  ENDPOINT_NAMES,
  ERRORS,
  ERROR_CODES,
  GENERAL_CODES,
  PUSHES,
  failure,
} from '../../contract/index.js';
import type { TestClient } from '../support/client.js';
import { misfits, payloadAt, responseAt } from './support/documentSchemas.js';
import { pathOf, requestSample } from './support/requests.js';
import { callerApi, connectCaller, createSampleContext } from './support/sampleScene.js';
import { commandSamples, endpointSamples, type SampleContext } from '../../contract/documents/samples.js';
import { fieldPaths, pathsIn } from './support/schemaPaths.js';
import { people, sharedServer } from './support/sharedServer.js';

const server = sharedServer();

const emptyContext: SampleContext = {
  ...{ conversationId: '', messageId: '', groupId: '', reportId: '', attachmentId: '', token: 't' },
  ...{ webhookId: '', webhookUrl: '' },
  ...{ otherUserId: 'x', callerId: 'y', strangerId: 'z' },
  newUuid: () => crypto.randomUUID(),
  cursors: { list: 'c', sync: 'c', members: 'c', blocked: 'c', reports: 'c', audit: 'c', search: 'c' },
};

describe('the tables', () => {
  test('give every error code one row, with a matching status and a meaning that is a sentence', () => {
    for (const code of ERROR_CODES) {
      const { status, meaning } = ERRORS[code];
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(meaning).toMatch(/^[A-Z`].*\.$/);
    }
    const meanings = ERROR_CODES.map((code) => ERRORS[code].meaning);
    expect(new Set(meanings).size).toBe(meanings.length);
  });

  test('contain each name once, with a summary', () => {
    const paths = ENDPOINT_NAMES.map((name) => `${ENDPOINTS[name].method} ${ENDPOINTS[name].path}`);
    expect(new Set(paths).size).toBe(paths.length);
    for (const row of [...Object.values(COMMANDS), ...Object.values(ENDPOINTS), ...Object.values(PUSHES)]) {
      expect(row.summary).toMatch(/^[A-Z].*\.$/);
    }
    for (const name of COMMAND_NAMES) expect(COMMANDS[name].repeatSafe).not.toBe('');
  });

  test('list only existing codes, without those that every command may return', () => {
    for (const row of [...Object.values(COMMANDS), ...Object.values(ENDPOINTS)]) {
      for (const code of row.codes) {
        expect(ERROR_CODES).toContain(code);
        expect(GENERAL_CODES).not.toContain(code);
      }
    }
  });

  test('refuse unknown fields: every input object is strict', () => {
    for (const name of COMMAND_NAMES) {
      for (const sample of commandSamples(emptyContext)[name]) {
        expect(COMMANDS[name].payload.safeParse({ ...sample, unknown: 1 }).success).toBe(false);
      }
    }
  });

  test('use no event name twice with different meanings', () => {
    const pairs = Object.values(COMMANDS).flatMap(({ pair }) => [pair.ok, pair.error]);
    const pushed = new Set(Object.keys(PUSHES));
    expect(pairs.filter((event) => event !== undefined && pushed.has(event)).toSorted()).toEqual([
      ...['conversation:created', 'conversation:created', 'message:status', 'message:status'],
    ]);
  });
});

describe('the samples of the tests', () => {
  test.each(COMMAND_NAMES)('use every field of %s', (name) => {
    const used = new Set(commandSamples(emptyContext)[name].flatMap((sample) => pathsIn(sample)));
    expect([...used].sort()).toEqual(fieldPaths(COMMANDS[name].payload));
  });

  test.each(ENDPOINT_NAMES)('use every field of %s over HTTP', (name) => {
    for (const part of ['params', 'query', 'body'] as const) {
      const samples = endpointSamples(emptyContext)[name].map((sample) => sample[part] ?? {});
      const used = new Set(samples.flatMap((sample) => pathsIn(sample)));
      expect([...used].sort()).toEqual(fieldPaths(ENDPOINTS[name][part]));
    }
  });
});

/** Fails if data contains a field that its schema does not declare, or lacks a required one. */
function expectToFit(schema: z.ZodType, data: unknown): void {
  expect(schema.parse(data)).toEqual(data);
}

describe('the server sends exactly what the tables declare', () => {
  test.each(COMMAND_NAMES)('in the answer to %s', async (name) => {
    const context = await createSampleContext(server());
    const client = await connectCaller(server(), context);
    for (const sample of commandSamples(context)[name]) {
      const answer = await client.call(name, sample);
      expect(answer).toEqual({ success: true, data: expect.anything() as unknown });
      if (answer.success) expectToFit(COMMANDS[name].answer, answer.data);
      expect(misfits('asyncapi', payloadAt(name, 'answer'), answer)).toEqual([]);
    }
  });

  test.each(ENDPOINT_NAMES)('in the answer to %s over HTTP', async (name) => {
    const context = await createSampleContext(server());
    for (const sample of endpointSamples(context)[name]) {
      const reply = await requestSample(callerApi(server(), context), name, sample);
      const { status } = ENDPOINTS[name];
      expect([[200, status].includes(reply.status), reply.body.success]).toEqual([true, true]);
      if (reply.body.success) expectToFit(ENDPOINTS[name].answer, reply.body.data);
      expect(misfits('openapi', responseAt(ENDPOINTS[name], reply.status), reply.body)).toEqual([]);
    }
  });

  test('in a failure, over a socket and over HTTP, with the status of its code', async () => {
    const context = await createSampleContext(server());
    const client = await connectCaller(server(), context);
    for (const name of COMMAND_NAMES) {
      const answer = await client.call(name, { wrong: true });
      expectToFit(failure, answer);
      expect(misfits('asyncapi', payloadAt(name, 'answer'), answer)).toEqual([]);
    }
    for (const name of ENDPOINT_NAMES) {
      const sample = endpointSamples(context)[name][0] ?? {};
      const path = `${pathOf(name, sample)}${sample.query === undefined ? '?' : '&'}wrong=1`;
      const reply = await server()
        .api(context.callerId)
        .request(ENDPOINTS[name].method.toUpperCase(), path, sample.body);
      expectToFit(failure, reply.body);
      expect(reply.body).toMatchObject({ code: 'VALIDATION' });
      expect(reply.status).toBe(ERRORS.VALIDATION.status);
      expect(misfits('openapi', responseAt(ENDPOINTS[name], reply.status), reply.body)).toEqual([]);
    }
  });

  test('in every push', async () => {
    const [alice, bob] = people('alice', 'bob');
    const [one, tablet, two] = await Promise.all([
      server().connectAs(alice),
      server().connectAs(alice),
      server().connectAs(bob),
    ]);
    await provokePushes(one, two);
    for (const client of [one, tablet]) client.close();
    await two.next('presence', ({ status }) => status === 'offline');
    const heard = [...one.heard, ...tablet.heard, ...two.heard];
    for (const { event, answer } of heard) {
      const row = PUSHES[event as keyof typeof PUSHES];
      expect(answer).toEqual({ success: true, data: expect.anything() as unknown });
      expectToFit(row.data, (answer as { data: unknown }).data);
      expect(misfits('asyncapi', payloadAt(event, 'push'), answer)).toEqual([]);
    }
    // Connection-level pushes and those of large groups have their own tests.
    const silent = ['auth:expired', 'sync:advised', 'server:draining', 'connection:ended', 'message:counts'];
    expect([...new Set([...heard.map(({ event }) => event), ...silent])].sort()).toEqual(
      Object.keys(PUSHES).toSorted(),
    );
  });

  /** Causes all pushes of normal operation. */
  async function provokePushes(one: TestClient, two: TestClient): Promise<void> {
    const conversationId = await one.open(two.userId);
    await one.ok('getOrCreateDirect', { otherUserId: two.userId, occasion: { kind: 'general' } });
    for (const client of [one, two]) await client.ok('updatePrivacy', { lastSeen: 'everyone' });
    await one.ok('presence:watch', { userIds: [two.userId] });
    await two.ok('presence:watch', { userIds: [one.userId] });
    const sent = { conversationId, content: 'hello', clientMessageId: 'm-1' };
    await one.ok('sendMessage', sent);
    await two.ok('message:delivered', { conversationId, seq: 1 });
    await two.ok('message:read', { conversationId, seq: 1 });
    await two.ok('sendMessage', { ...sent, replyTo: 1 });
    await two.ok('typing', { conversationId, typing: true });
    await one.next('typing');
    await two.ok('editMessage', { conversationId, seq: 2, content: 'good day' });
    await two.ok('react', { conversationId, seq: 1, emoji: '👍', on: true });
    await two.ok('deleteMessage', { conversationId, seq: 2, for: 'everyone' });
    await one.next('message:deleted');
    await one.ok('updateSettings', { conversationId, markedUnread: true });
    const { conversation: group } = await one.ok('createGroup', { name: 'us', participants: [two.userId] });
    await one.ok('removeMember', { conversationId: group._id, userId: two.userId });
    await two.next('conversation:removed');
  }
});
