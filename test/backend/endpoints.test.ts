import { beforeAll, describe, expect, test } from 'vitest';
import type { EndpointSample, SampleContext } from '../../contract/documents/samples.js';
import { serverSamples } from '../../contract/documents/serverSamples.js';
import {
  ENDPOINT_NAMES,
  ENDPOINTS,
  SCOPES,
  SERVER_ENDPOINTS,
  SERVER_ENDPOINT_NAMES,
  type Scope,
} from '../../contract/index.js';
import { Api } from '../support/api.js';
import { createSampleContext } from '../contract/support/sampleScene.js';
import { misfits, responseAt } from '../contract/support/documentSchemas.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { until } from '../support/until.js';
import { Backend, backendOf } from './support/backend.js';
import { callSample, routeOf } from './support/requests.js';

const server = sharedServer();
let backend: Backend;

/** A text that no audit entry may hold. */
const TEXT = 'a text that stays where it was said';

/** Replaces the texts of a sample by one that can be searched for. */
const withText = (sample: EndpointSample): EndpointSample =>
  sample.body === undefined
    ? sample
    : {
        ...sample,
        body: Object.fromEntries(
          Object.entries(sample.body).map(([field, value]) => [
            field,
            field === 'content' || field === 'resolution' ? TEXT : value,
          ]),
        ),
      };

/** Stores what the samples name. */
async function createWorld(): Promise<SampleContext> {
  const context = await createSampleContext(server());
  await server().api(context.strangerId).get('/api/users/me');
  return context;
}

/** A world that no call changes: for reading calls and refusals. */
let shared: SampleContext;
let others: ReadonlyMap<Scope, Backend>;
let revoked: Backend;
beforeAll(async () => {
  backend = await backendOf(server());
  shared = await createWorld();
  const withoutOne = SCOPES.map(async (without): Promise<[Scope, Backend]> => [
    without,
    await backendOf(server(), {
      name: `without-${without}`,
      scopes: SCOPES.filter((scope) => scope !== without),
    }),
  ]);
  others = new Map(await Promise.all(withoutOne));
  revoked = await backendOf(server(), { name: 'revoked' });
  await server().app.models.apiKeys.revoke(revoked.keyId, new Date());
  await until(async () => (await revoked.call('GET', '/audit')).status === 401);
});

const auditOf = async (keyId: string) =>
  (await server().app.models.audit.findPage(200)).filter(({ actor }) => actor.id === keyId);

describe.each(SERVER_ENDPOINT_NAMES)('%s', (name) => {
  const row = SERVER_ENDPOINTS[name];
  const isReading = row.method === 'get';

  test('answers its samples as its document says, and is audited without text', async () => {
    const own = await backendOf(server(), { name });
    const samples = serverSamples(isReading ? shared : await createWorld())[name];
    for (const sample of samples.map(withText)) {
      const reply = await callSample(own, name, sample);
      expect([reply.status, reply.body]).toEqual([
        expect.toSatisfy((status: number) => status === row.status || status === 200),
        expect.objectContaining({ success: true }),
      ]);
      expect(misfits('server', responseAt(row, reply.status), reply.body)).toEqual([]);
    }
    const entries = await auditOf(own.keyId);
    expect(entries).toHaveLength(isReading ? 0 : samples.length);
    for (const entry of entries) {
      expect(entry).toMatchObject({
        action: name,
        actor: { kind: 'key', id: own.keyId, name },
        from: expect.stringContaining('127.0.0.1') as string,
        outcome: 'OK',
      });
      expect(Object.keys(entry.targets)).not.toEqual([]);
      expect(JSON.stringify(entry)).not.toContain(TEXT);
    }
  });

  test('refuses what is not for it, and does nothing', async () => {
    const [sample = {}] = serverSamples(shared)[name];
    const asUser = new Backend(server().url, shared.token, '');
    const anonymous = new Backend(server().url, undefined, '');
    const altered = new Backend(server().url, `${backend.apiKey?.slice(0, -1) ?? ''}!`, '');
    const withoutScope = others.get(row.scope) ?? anonymous;
    const refused = [
      [anonymous, 401, 'UNAUTHENTICATED'],
      [asUser, 401, 'UNAUTHENTICATED'],
      [altered, 401, 'UNAUTHENTICATED'],
      [revoked, 401, 'UNAUTHENTICATED'],
      [withoutScope, 403, 'FORBIDDEN'],
    ] as const;
    for (const [caller, status, code] of refused) {
      const reply = await callSample(caller, name, sample);
      expect([reply.status, reply.body]).toEqual([status, expect.objectContaining({ code })]);
    }
    const [method, path] = routeOf(name, sample);
    const takesBody = !['GET', 'DELETE'].includes(method);
    const bad = takesBody
      ? await backend.call(method, path, { body: { ...sample.body, extra: 1 } })
      : await backend.call(method, `${path}${path.includes('?') ? '&' : '?'}extra=1`);
    expect([bad.status, bad.body]).toEqual([400, expect.objectContaining({ code: 'VALIDATION' })]);
    for (const { keyId } of [withoutScope, revoked, backend]) expect(await auditOf(keyId)).toEqual([]);
  });
});

test('an API key is not accepted on any route of users, nor by a socket', async () => {
  const api = new Api(server().url, backend.apiKey);
  for (const name of ENDPOINT_NAMES) {
    const { method, path } = ENDPOINTS[name];
    const reply = await api.request(method.toUpperCase(), path);
    expect([name, reply.status]).toEqual([name, 401]);
  }
  const [user] = people('user');
  await expect(server().connectAs(user, { token: backend.apiKey ?? '' })).rejects.toMatchObject({
    data: { code: 'UNAUTHENTICATED' },
  });
});

test('a path has the methods of its endpoints, and answers others with 405', async () => {
  const reply = await backend.call('PATCH', '/users');
  expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST']);
  expect((await backend.call('GET', '/nowhere')).status).toBe(404);
});
