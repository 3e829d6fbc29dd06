import { beforeAll, describe, expect, test } from 'vitest';
import { ENDPOINTS, ENDPOINT_NAMES, type EndpointName } from '../../contract/index.js';
import { EXTRA_KEYS, OPERATORS, SCALARS, isSameKind } from '../contract/support/hostile.js';
import { pathOf, requestSample } from '../contract/support/requests.js';
import { callerApi, createSampleContext } from '../contract/support/sampleScene.js';
import {
  endpointSamples,
  NULLABLE,
  type EndpointSample,
  type SampleContext,
} from '../../contract/documents/samples.js';
import { pathsIn, replaceAt, valueAt } from '../contract/support/schemaPaths.js';
import { sharedServer } from '../contract/support/sharedServer.js';
import type { ApiReply } from '../support/api.js';

const server = sharedServer();
const WITH_BODY = ENDPOINT_NAMES.filter((name) => ENDPOINTS[name].method !== 'get');

/** Used for inputs that are refused: nothing changes it. */
let context: SampleContext;
beforeAll(async () => {
  context = await createSampleContext(server());
});

function expectRefusal(reply: ApiReply, what: string): void {
  expect([400, 413], what).toContain(reply.status);
  expect(reply.body, what).toMatchObject({
    success: false,
    code: reply.status === 413 ? 'TOO_LARGE' : 'VALIDATION',
  });
}

const send = (name: EndpointName, sample: EndpointSample, from = context): Promise<ApiReply> =>
  requestSample(callerApi(server(), from), name, sample);

/** Sends a body as raw text. */
const sendText = (name: EndpointName, sample: EndpointSample, text: string): Promise<ApiReply> =>
  callerApi(server(), context).request(ENDPOINTS[name].method.toUpperCase(), pathOf(name, sample), text);

/** Sends a raw query string. */
const sendQuery = (name: EndpointName, sample: EndpointSample, query: string): Promise<ApiReply> =>
  callerApi(server(), context).request(
    ENDPOINTS[name].method.toUpperCase(),
    `${pathOf(name, { ...sample, query: {} })}?${query}`,
    sample.body,
  );

/** Fields that accept any text: only other types are invalid. */
const FREE_TEXT = ['words', 'senderId', 'emoji'];

/** Invalid values of path parameters, by name. Other parameters accept any text. */
const WRONG_IDS = [
  '{"$ne":null}',
  '[object Object]',
  '$where',
  '__proto__',
  'null',
  '0',
  '%00',
  '../users/me',
  '0123456789ABCDEF01234567',
  '0123456789abcdef01234567\n',
  'x'.repeat(2_000),
];
const WRONG_TEXTS = ['\u0000', 'x'.repeat(2_000)];
const WRONG_PARAMS: Record<string, readonly string[]> = {
  conversationId: WRONG_IDS,
  reportId: WRONG_IDS,
  seq: [...WRONG_IDS, '-1', '+1', '1.5', '1e3', '0x1', '١', '9'.repeat(20)],
  userId: WRONG_TEXTS,
  emoji: [...WRONG_TEXTS, 'a b', '\t'],
};

/** Texts that are not a number, id, time or enumerated word. */
const typed = (key: string): string[] => [
  `${key}=%7B%22$ne%22:null%7D`,
  `${key}=`,
  `${key}=%ED%A0%80`,
  `${key}=1e3`,
  `${key}=-1`,
  `${key}=0x10`,
  `${key}=+7`,
  `${key}=99999999999999999999`,
];

describe.each(WITH_BODY)('%s over HTTP (promise 10)', (name) => {
  test('accepts no operator, and no other type, in any field of its body', async () => {
    // Some of the values are valid and change the objects they refer to.
    const own = await createSampleContext(server());
    for (const sample of endpointSamples(own)[name]) {
      const { body } = sample;
      if (body === undefined) continue;
      const sendAt = (path: string, value: unknown): Promise<ApiReply> =>
        send(name, { ...sample, body: replaceAt(body, path, value) as never }, own);
      for (const path of pathsIn(body)) {
        const replies = await Promise.all(OPERATORS.map(([, value]) => sendAt(path, value)));
        replies.forEach((reply, index) => expectRefusal(reply, `${path}: ${OPERATORS[index]?.[0] ?? ''}`));
        const others = await Promise.all(SCALARS.map((value) => sendAt(path, value)));
        for (const [index, reply] of others.entries()) {
          const value = SCALARS[index];
          const isNull = value === null && NULLABLE[name]?.includes(path) === true;
          if (!isNull && !isSameKind(value, valueAt(body, path)))
            expectRefusal(reply, `${path}: ${JSON.stringify(value)}`);
          expect(reply.status, path).toBeLessThan(500);
        }
      }
    }
  });

  test('accepts no unknown key in its body', async () => {
    const [sample = {}] = endpointSamples(context)[name];
    for (const [key, value] of EXTRA_KEYS) {
      const text = JSON.stringify(sample.body ?? {});
      const extra = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
      const body = text === '{}' ? `{${extra}}` : `${text.slice(0, -1)},${extra}}`;
      expectRefusal(await sendText(name, sample, body), key);
    }
  });

  test('accepts no text, list or number as a body', async () => {
    const [sample = {}] = endpointSamples(context)[name];
    for (const body of [
      '"x"',
      '[]',
      '[{}]',
      '7',
      'null',
      'true',
      '{',
      '{"a":}',
      '\u0000',
      '{"a":1}{"b":2}',
    ]) {
      expectRefusal(await sendText(name, sample, body), body);
    }
  });
});

describe.each(ENDPOINT_NAMES)('%s over HTTP (promise 10)', (name) => {
  test('accepts no operators, lists and unknown words in its query', async () => {
    const [sample = {}] = endpointSamples(context)[name];
    const keys = [
      ...Object.keys(sample.query ?? {}),
      'conversationId',
      'access_token',
      '__proto__',
      '$where',
    ];
    for (const key of keys) {
      const queries = [
        `${key}[$ne]=`,
        `${key}[$gt]=0`,
        `${key}[$regex]=.`,
        `${key}[]=1`,
        `${key}[0]=1`,
        `${key}=1&${key}=2`,
        `${key}=%00`,
        ...(FREE_TEXT.includes(key) ? [] : typed(key)),
      ];
      const replies = await Promise.all(queries.map((query) => sendQuery(name, sample, query)));
      replies.forEach((reply, index) => expectRefusal(reply, queries[index] ?? ''));
    }
  });

  test('accepts no invalid path parameter', async () => {
    const [sample = {}] = endpointSamples(context)[name];
    for (const param of Object.keys(sample.params ?? {})) {
      for (const value of WRONG_PARAMS[param] ?? []) {
        const reply = await send(name, { ...sample, params: { ...sample.params, [param]: value } });
        expectRefusal(reply, `${param}: ${value}`);
      }
    }
  });
});

test('and the server still works', async () => {
  expect((await fetch(`${server().url}/health/ready`)).status).toBe(200);
  expect((await server().api(context.callerId).get('/api/conversations')).status).toBe(200);
  expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
});
