import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  COMMANDS,
  COMMAND_NAMES,
  ENDPOINTS,
  ENDPOINT_NAMES,
  ERRORS,
  type Answer,
  type EndpointName,
} from '../../contract/index.js';
import type { TestClient } from '../support/client.js';
import { asJson, disturbed, likely, poolOf, type Pool } from './support/arbitraries.js';
import { readEverything, summariesWritten } from './support/database.js';
import { pathOf } from './support/requests.js';
import { callerApi, connectCaller, createSampleContext } from './support/sampleScene.js';
import { commandSamples, type EndpointSample, type SampleContext } from '../../contract/documents/samples.js';
import { sharedServer } from './support/sharedServer.js';

const server = sharedServer();
/** All endpoints but the one that revokes the token used by this test. */
const endpoints = ENDPOINT_NAMES.filter((name) => name !== 'revokeTokens');
const AT_ONCE = 20;
/** Fixed seed; `FUZZ_SEED=<number>` sets another one, `FUZZ_SEED=random` a new one for each run. */
const seed = process.env['FUZZ_SEED'] ?? '20261126';
const SEED = seed === 'random' ? {} : { seed: Number(seed) };

let context: SampleContext;
let pool: Pool;
let client: TestClient;
let before: Record<string, string[]>;

beforeAll(async () => {
  context = await createSampleContext(server());
  pool = poolOf(context);
  client = await connectCaller(server(), context);
});
afterAll(async () => {
  expect((await fetch(`${server().url}/health/live`)).status).toBe(200);
  expect(client.socket.connected).toBe(true);
});

function expectKnown(answer: Answer<unknown>): void {
  if (answer.success) return;
  expect(Object.keys(ERRORS)).toContain(answer.code);
  expect(answer.code, answer.error).not.toBe('INTERNAL');
  expect(answer.error).toEqual(expect.any(String));
}

/** Runs a check on generated inputs, and shrinks an input that fails. */
const check = (inputs: fc.Arbitrary<unknown>, runs: number, ask: (input: unknown) => Promise<unknown>) =>
  fc.assert(
    fc.asyncProperty(fc.array(inputs, { minLength: 1, maxLength: AT_ONCE, size: 'max' }), async (batch) => {
      await Promise.all(batch.map(ask));
      // A valid command resets the counter of refused commands, which would close the connection.
      await client.ok('getPrivacy', {});
    }),
    { ...SEED, numRuns: runs },
  );

type Parts = Required<EndpointSample>;
const request = async (
  name: EndpointName,
  { params, query, body }: Partial<Record<keyof Parts, unknown>>,
) => {
  const texts = (value: unknown): Record<string, string> =>
    Object.fromEntries(Object.entries(value ?? {}).map(([key, one]) => [key, String(one).toWellFormed()]));
  const sample = { params: texts(params), query: texts(query) };
  const method = ENDPOINTS[name].method.toUpperCase();
  const hasBody = method !== 'GET' && method !== 'DELETE';
  const reply = await callerApi(server(), context).request(
    ...([method, pathOf(name, sample), hasBody ? body : undefined] as const),
  );
  expectKnown(reply.body);
  if (!reply.body.success) expect(reply.status).toBe(ERRORS[reply.body.code].status);
  return reply;
};

const partsOf = (name: EndpointName) =>
  fc.record({
    params: likely(ENDPOINTS[name].params, pool),
    query: likely(ENDPOINTS[name].query, pool),
    body: likely(ENDPOINTS[name].body, pool),
  });

describe('input that the schemas forbid', () => {
  beforeAll(async () => {
    await summariesWritten(server());
    before = await readEverything(server());
  });

  test.each(COMMAND_NAMES)('is refused by %s with VALIDATION or TOO_LARGE', async (name) => {
    const schema = COMMANDS[name].payload;
    const samples = fc.constantFrom(...commandSamples(context)[name]);
    const wrong = disturbed(fc.oneof(samples, likely(schema, pool)))
      .map(asJson)
      .filter((payload) => !schema.safeParse(payload).success);
    await check(wrong, 2, async (payload) => {
      expect(await client.call(name, payload)).toMatchObject({
        ...{ success: false, error: expect.any(String) as string },
        code: expect.stringMatching(/^(VALIDATION|TOO_LARGE)$/) as string,
      });
    });
  });

  test.each(endpoints.filter((name) => !ENDPOINTS[name].body.safeParse({ unknown: 1 }).success))(
    'is refused by %s over HTTP in its body',
    async (name) => {
      const { body: schema, method } = ENDPOINTS[name];
      if (method === 'get' || method === 'delete') return;
      const wrong = partsOf(name).chain((parts) =>
        disturbed(fc.constant(parts.body))
          .map(asJson)
          .filter((body) => typeof body === 'object' && body !== null && !schema.safeParse(body).success)
          .map((body) => ({ ...parts, body })),
      );
      await check(wrong, 2, async (parts) => {
        const { status } = await request(name, parts as Parts);
        // An empty parameter results in another path.
        expect([400, 403, 404, 413]).toContain(status);
      });
    },
  );

  test('and nothing is stored', async () => {
    expect(await readEverything(server())).toEqual(before);
  });
});

describe('input that the schemas allow, whatever it contains', () => {
  test.each(COMMAND_NAMES)('is answered by %s with data or a known code', async (name) => {
    const schema = COMMANDS[name].payload;
    const fits = fc
      .oneof(likely(schema, pool), fc.constantFrom(...commandSamples(context)[name]))
      .map(asJson)
      .filter((payload) => schema.safeParse(payload).success);
    await check(fits, 2, async (payload) => {
      const answer = await client.call(name, payload);
      expectKnown(answer);
      if (answer.success) expect(COMMANDS[name].answer.parse(answer.data)).toEqual(answer.data);
    });
  });

  test.each(endpoints)('is answered by %s over HTTP with data or a known code', async (name) => {
    await check(partsOf(name).map(asJson), 2, (parts) => request(name, parts as Parts));
  });
});
