import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS, COMMAND_NAMES, ERROR_CODES, type Answer, type CommandName } from '../../contract/index.js';
import { connectCaller, createSampleContext } from '../contract/support/sampleScene.js';
import { commandSamples, type SampleContext } from '../../contract/documents/samples.js';
import { fieldPaths } from '../contract/support/schemaPaths.js';
import { sharedServer } from '../contract/support/sharedServer.js';
import type { TestClient } from '../support/client.js';

const server = sharedServer();
const GENERAL = ['VALIDATION', 'UNAUTHENTICATED', 'TOKEN_EXPIRED', 'UNAVAILABLE', 'NOT_FOUND'];
const RUNS = 400;

let context: SampleContext;
let client: TestClient;
beforeAll(async () => {
  context = await createSampleContext(server());
  client = await connectCaller(server(), context);
});

/** Calls with any arguments, and checks that every call is answered exactly once. */
async function answersTo(
  name: CommandName,
  argumentLists: readonly (readonly unknown[])[],
): Promise<unknown[][]> {
  const answers = argumentLists.map((): unknown[] => []);
  await Promise.all(
    argumentLists.map(
      (args, index) =>
        new Promise<void>((resolve) => {
          client.raw.emit(name, ...args, (answer: unknown) => {
            answers[index]?.push(answer);
            resolve();
          });
        }),
    ),
  );
  await client.ok('getConversations', {});
  return answers;
}

function expectValid(name: CommandName, answers: readonly unknown[]): void {
  expect(answers).toHaveLength(1);
  const [answer] = answers as [Answer<unknown>];
  if (answer.success) {
    expect(COMMANDS[name].answer.parse(answer.data)).toEqual(answer.data);
    return;
  }
  expect(ERROR_CODES).toContain(answer.code);
  expect([...GENERAL, ...COMMANDS[name].codes, 'TOO_LARGE']).toContain(answer.code);
  expect(answer.error).not.toBe('');
}

/** Generates texts that have a meaning in this system, in wrong places. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.string({ unit: 'grapheme', maxLength: 50 }),
  fc.constantFrom(
    '',
    '$ne',
    '__proto__',
    'f'.repeat(24),
    'F'.repeat(24),
    '\u0000',
    '\ud800',
    '2024-01-01',
    'alice',
  ),
  fc.constantFrom('known-conversation', 'known-message', 'known-user'),
);
const anything = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 4 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, 1, 2 ** 31, 2 ** 53, -1),
  fc.array(text, { maxLength: 5 }),
);

const known = (value: unknown): unknown => {
  if (value === 'known-conversation') return context.conversationId;
  if (value === 'known-message') return context.messageId;
  return value === 'known-user' ? context.otherUserId : value;
};

describe.each(COMMAND_NAMES)('%s (promise 10)', (name) => {
  test('answers any JSON once, with success or a code of the table, never INTERNAL', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { minLength: 20, maxLength: 40 }), async (payloads) => {
        const answers = await answersTo(
          name,
          payloads.map((payload) => [payload]),
        );
        for (const one of answers) expectValid(name, one);
      }),
      { numRuns: Math.ceil(RUNS / 40) },
    );
  });

  test('answers any values in its own fields once, with success or a code of the table, never INTERNAL', async () => {
    const fields = fieldPaths(COMMANDS[name].payload).filter((path) => !/[.[]/.test(path));
    const [sample = {}] = commandSamples(context)[name];
    const payload = fc
      .record(Object.fromEntries(fields.map((field) => [field, anything])), { requiredKeys: [] })
      .map((changes) => {
        const changed = Object.entries(changes).map(([field, value]) => [field, known(value)] as const);
        return { ...sample, ...Object.fromEntries(changed) };
      });
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { minLength: 20, maxLength: 40 }), async (payloads) => {
        const answers = await answersTo(
          name,
          payloads.map((one) => [one]),
        );
        for (const one of answers) expectValid(name, one);
      }),
      { numRuns: Math.ceil(RUNS / 40) },
    );
  });
});

test('any event name with any arguments is answered once, with a code (promise 10)', async () => {
  const reserved = [
    'connect',
    'connect_error',
    'disconnect',
    'disconnecting',
    'newListener',
    'removeListener',
  ];
  const name = fc.string({ unit: 'binary' }).filter((one) => !reserved.includes(one));
  await fc.assert(
    fc.asyncProperty(name, fc.array(fc.jsonValue(), { maxLength: 4 }), async (event, args) => {
      const [answers = []] = await answersTo(event as CommandName, [args]);
      expect(answers).toEqual([expect.objectContaining({ success: false }) as unknown]);
    }),
    { numRuns: 100 },
  );
});
