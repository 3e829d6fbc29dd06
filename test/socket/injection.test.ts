import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMAND_NAMES, ERROR_CODES, type Answer } from '../../contract/index.js';
import { readEverything, summariesWritten } from '../contract/support/database.js';
import { EXTRA_KEYS, OPERATORS, SCALARS, isSameKind, withKey } from '../contract/support/hostile.js';
import { connectCaller, createSampleContext } from '../contract/support/sampleScene.js';
import { commandSamples, NULLABLE, type SampleContext } from '../../contract/documents/samples.js';
import { pathsIn, replaceAt, valueAt } from '../contract/support/schemaPaths.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { Refused, type TestClient } from '../support/client.js';

const server = sharedServer();

function expectRefusal(answer: Answer<unknown>, what: string): void {
  expect(answer, what).toMatchObject({ success: false });
  if (!answer.success) expect(['VALIDATION', 'TOO_LARGE'], what).toContain(answer.code);
}

async function expectStoredUnchanged(client: TestClient, act: () => Promise<void>): Promise<void> {
  await summariesWritten(server());
  const before = await readEverything(server());
  await act();
  expect(await readEverything(server())).toEqual(before);
  expect(await client.ok('getConversations', {})).toBeDefined();
}

afterAll(() => {
  expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
});

/** Used for inputs that are refused: nothing changes it. */
let context: SampleContext;
let client: TestClient;
beforeAll(async () => {
  context = await createSampleContext(server());
  client = await connectCaller(server(), context);
});

describe.each(COMMAND_NAMES)('%s (promise 10)', (name) => {
  test('accepts no operator in any field, and stores nothing', async () => {
    await expectStoredUnchanged(client, async () => {
      for (const sample of commandSamples(context)[name]) {
        for (const path of pathsIn(sample)) {
          const answers = await Promise.all(
            OPERATORS.map(([, value]) => client.call(name, replaceAt(sample, path, value))),
          );
          answers.forEach((answer, index) => {
            expectRefusal(answer, `${path}: ${OPERATORS[index]?.[0] ?? ''}`);
          });
        }
      }
    });
  });

  test('accepts no value of another type in any field', async () => {
    // Some of the values are valid and change the objects they refer to.
    const own = await createSampleContext(server());
    const caller = await connectCaller(server(), own);
    for (const sample of commandSamples(own)[name]) {
      for (const path of pathsIn(sample)) {
        const answers = await Promise.all(
          SCALARS.map((value) => caller.call(name, replaceAt(sample, path, value))),
        );
        for (const [index, answer] of answers.entries()) {
          const value = SCALARS[index];
          const isNull = value === null && NULLABLE[name]?.includes(path) === true;
          if (!isNull && !isSameKind(value, valueAt(sample, path)))
            expectRefusal(answer, `${path}: ${JSON.stringify(value)}`);
          else if (!answer.success) expect(answer.code).not.toBe('INTERNAL');
        }
      }
    }
  });

  test('accepts no unknown key, at any depth', async () => {
    await expectStoredUnchanged(client, async () => {
      for (const sample of commandSamples(context)[name]) {
        for (const [key, value] of EXTRA_KEYS) {
          const merged = { ...withKey(key, value), ...sample };
          // A spread would turn `__proto__` into a prototype.
          Object.defineProperty(merged, key, { value, enumerable: true });
          expectRefusal(await client.call(name, merged), key);
        }
      }
    });
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'x'],
    ['a number', 7],
    ['a list', []],
    ['a list of payloads', [{}]],
    ['bytes', Buffer.from('{}')],
    ['an operator', { $ne: null }],
  ])('takes %s for no payload', async (_what, payload) => {
    const answer = await client.call(name, payload);
    expectRefusal(answer, name);
    if (!answer.success) expect(ERROR_CODES).toContain(answer.code);
  });
});

describe('the handshake (promise 10)', () => {
  test.each([
    ...OPERATORS,
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty text', ''],
  ] as const)('takes %s for no token', async (_what, token) => {
    const [alice] = people('alice');
    const refusal = await server()
      .connectAs(alice, { token: token as string })
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refused);
    expect(refusal).toMatchObject({ data: { success: false, code: 'UNAUTHENTICATED' } });
  });
});
