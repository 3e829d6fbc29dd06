import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS, COMMAND_NAMES } from '../../contract/index.js';
import { caughtUp } from '../contract/support/refusal.js';
import { connectCaller, createSampleContext } from '../contract/support/sampleScene.js';
import { commandSamples, type SampleContext } from '../../contract/documents/samples.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import type { TestClient } from '../support/client.js';
import { until } from '../support/until.js';

const server = sharedServer();

/** Emits without an acknowledgement, with any arguments. @returns everything that is received. */
async function emit(client: TestClient, event: string, ...args: unknown[]): Promise<TestClient['heard']> {
  const from = client.heard.length;
  client.raw.emit(event, ...args);
  await caughtUp([client]);
  // Commands of one socket run concurrently, so the answer of a slower one may still be missing.
  const pair = Object.entries(COMMANDS).find(([name]) => name === event)?.[1].pair;
  const answers = new Set([pair?.ok, pair?.error ?? 'event:error']);
  const isAnswered = (): boolean => client.heard.slice(from).some((one) => answers.has(one.event));
  await until(isAnswered).catch(() => undefined);
  return client.heard.slice(from);
}

/** Users whose commands are all refused, so their data does not change. */
let alice: TestClient;
let context: SampleContext;
let client: TestClient;
beforeAll(async () => {
  const [userId] = people('alice');
  context = await createSampleContext(server());
  [alice, client] = await Promise.all([server().connectAs(userId), connectCaller(server(), context)]);
});

describe.each(COMMAND_NAMES)('%s without an acknowledgement', (name) => {
  const { ok, error } = COMMANDS[name].pair;

  test(`is answered with ${ok ?? 'nothing'} when it succeeds`, async () => {
    const own = await createSampleContext(server());
    const caller = await connectCaller(server(), own);
    const [sample] = commandSamples(own)[name];
    if (ok === undefined) {
      const from = caller.heard.length;
      caller.raw.emit(name, sample);
      await caller.ok(name, sample);
      expect(caller.heard.slice(from)).toEqual([]);
      return;
    }
    const heard = await emit(caller, name, sample);
    const answers = heard.filter(({ event }) => event === ok);
    expect(answers.length).toBeGreaterThan(0);
    const [first] = answers;
    const data = COMMANDS[name].answer.parse((first?.answer as { data: unknown }).data);
    expect(first?.answer).toEqual({ success: true, data });
  });

  test.each([
    ['a wrong payload', [{ wrong: true }]],
    ['no payload', []],
    ['null', [null]],
    ['a second argument that is no acknowledgement', [{}, 'not a function']],
    ['many arguments', [1, 2, 3, 4, 5, 6, 7, 8]],
  ])(`is answered with ${error}, once, for %s`, async (_what, args) => {
    expect(await emit(alice, name, ...args)).toEqual([
      { event: error, answer: expect.objectContaining({ success: false, code: 'VALIDATION' }) as unknown },
    ]);
  });
});

describe('a failure about a message', () => {
  test('names the message also without an acknowledgement', async () => {
    const payload = { conversationId: 'f'.repeat(24), content: 'x', clientMessageId: 'mine' };
    for (const [wrong, code] of [
      [payload, 'NOT_PARTICIPANT'],
      [{ ...payload, content: '' }, 'VALIDATION'],
      [{ ...payload, content: 'x'.repeat(9_000) }, 'TOO_LARGE'],
      [{ clientMessageId: 'mine' }, 'VALIDATION'],
    ] as const) {
      expect(await emit(alice, 'sendMessage', wrong)).toMatchObject([
        { event: 'message:error', answer: { success: false, code, clientMessageId: 'mine' } },
      ]);
    }
  });
});

describe('additional arguments', () => {
  test.each(COMMAND_NAMES)('are refused by %s: nothing is positional', async (name) => {
    const [sample] = commandSamples(context)[name];
    const socket = client.raw;
    expect(await socket.emitWithAck(name, sample, sample)).toMatchObject({
      success: false,
      code: 'VALIDATION',
    });
    expect(await socket.emitWithAck(name, sample, null)).toMatchObject({
      success: false,
      code: 'VALIDATION',
    });
  });
});

describe('an unknown event', () => {
  const names = [
    'unknown',
    '',
    ' ',
    'toString',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'error',
    'message',
    'sendmessage',
    'message:new',
    'server:draining',
    '$ne',
    'x'.repeat(10_000),
  ];
  test.each(names)('%j is answered with NOT_FOUND', async (event) => {
    const socket = alice.raw;
    for (const args of [[], [{}], [null, 1, 'x']]) {
      expect(await socket.emitWithAck(event, ...args)).toMatchObject({ success: false, code: 'NOT_FOUND' });
    }
    expect(await emit(alice, event, {})).toEqual([
      {
        event: 'event:error',
        answer: { success: false, code: 'NOT_FOUND', error: expect.any(String) as string },
      },
    ]);
  });

  test('creates no metric label', async () => {
    for (let index = 0; index < 50; index += 1) await emit(alice, `unknown-${index}`, {});
    const text = await (await fetch(`${server().url}/metrics`)).text();
    expect(text).not.toContain('unknown-1');
    expect(text).toContain('event="unknown",code="NOT_FOUND"');
  });
});
