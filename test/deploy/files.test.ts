import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, readConfig } from '../../backend/src/config.js';
import { check, DEPLOY, isThere, readEnvFile, readYaml, readYamlFiles } from './support/files.js';

/** Variables that Node or the shell reads, not the server. */
const NOT_OURS = new Set(['NODE_OPTIONS']);
/** Number of shutdown steps of the server, each of which may take SHUTDOWN_TIMEOUT_MS. */
const SHUTDOWN_STEPS = 6;
/** Socket.IO's ping interval plus ping timeout. */
const PING_MS = 25_000 + 20_000;

const service = z.object({
  environment: z.record(z.string(), z.string()).optional(),
  ports: z.array(z.string()).optional(),
  stop_grace_period: z.string().optional(),
  restart: z.string(),
});
const compose = z.object({ services: z.record(z.string(), service) });
const readCompose = async () => compose.parse((await readYaml('compose.yaml'))[0]).services;

const secondsOf = (text: string | undefined): number => Number(/^(\d+)s$/.exec(text ?? '')?.[1] ?? 0);

/** Substitutes variables like compose. Throws if a required one is not set. */
function fill(text: string, env: Record<string, string>): string {
  return text.replace(/\$\{[^}]*\}/g, (all) => {
    const [, name = '', kind, other = ''] = /^\$\{(\w+)(?::([?-])(.*))?\}$/.exec(all) ?? [];
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    if (kind === '?') throw new Error(`${name}: ${other}`);
    return other;
  });
}

/** Creates an environment file with make-env.sh. */
async function makeEnv(): Promise<{ path: string; env: Record<string, string> } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-deploy-'));
  const path = join(folder, '.env');
  await check('sh', [`${DEPLOY}/make-env.sh`, path]);
  return {
    path,
    env: await readEnvFile(path),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

const knownVariables = async (): Promise<Set<string>> =>
  new Set([...Object.keys(await readEnvFile('.env.example')), ...NOT_OURS]);

test('every file of the deployment is valid YAML', async () => {
  const files = await readYamlFiles('.');
  expect(files.length).toBeGreaterThan(12);
  for (const [name, documents] of files) expect(documents.length, name).toBeGreaterThan(0);
});

test('every variable set for the servers is one that they read', async () => {
  const known = await knownVariables();
  const services = await readCompose();
  const kubernetes = {
    ...(await readEnvFile(`${DEPLOY}/kubernetes/config.env`)),
    ...(await readEnvFile(`${DEPLOY}/kubernetes/secret.env.example`)),
  };
  const image = [...(await readFile(`${DEPLOY}/Dockerfile`, 'utf8')).matchAll(/^ENV (.*)$/gm)].flatMap(
    ([, line = '']) => [...line.matchAll(/([A-Z_]+)=/g)].map(([, name = '']) => name),
  );
  const named = [
    ...Object.keys(services['server1']?.environment ?? {}),
    ...Object.keys(kubernetes),
    ...image,
  ];
  expect(named.length).toBeGreaterThan(20);
  for (const name of named) expect(known, name).toContain(name);
});

test('the output of make-env.sh is enough for a production server, and two deployments share no secret', async () => {
  await using one = await makeEnv();
  await using other = await makeEnv();
  const { server1 } = await readCompose();
  const filled = Object.fromEntries(
    Object.entries(server1?.environment ?? {}).map(([name, value]) => [name, fill(value, one.env)]),
  );
  expect(readConfig(filled)).toMatchObject({ NODE_ENV: 'production', DEMO: false, DATABASE_NAME: 'parley' });
  expect((await stat(one.path)).mode & 0o077).toBe(0);
  for (const [name, value] of Object.entries(one.env)) {
    if (/SECRET|TOKEN|PASSWORD|KEY/.test(name)) expect(value, name).not.toBe(other.env[name]);
  }
  await expect(check('sh', [`${DEPLOY}/make-env.sh`, one.path])).rejects.toThrow('left alone');
  expect(await readEnvFile(one.path)).toEqual(one.env);
});

test('no service of compose.yaml starts without generated secrets', async () => {
  const text = await readFile(`${DEPLOY}/compose.yaml`, 'utf8');
  const secrets = [...text.matchAll(/\$\{(\w*(?:SECRET|TOKEN|PASSWORD|_KEY)\w*)([^}]*)\}/g)];
  expect(secrets.length).toBeGreaterThan(6);
  for (const [all, , rest] of secrets) expect(rest, all).toMatch(/^:\?/);
  await using made = await makeEnv();
  for (const name of new Set(secrets.map(([, name = '']) => name))) {
    expect(() => fill(text, { ...made.env, [name]: '' })).toThrow(name);
  }
});

test('the kubernetes example contains no valid secret', async () => {
  const secrets = await readEnvFile(`${DEPLOY}/kubernetes/secret.env.example`);
  expect(Object.values(secrets).every((value) => value === '')).toBe(true);
  const config = await readEnvFile(`${DEPLOY}/kubernetes/config.env`);
  expect(() => readConfig({ ...config, ...secrets })).toThrow(ConfigError);
  const given = { JWT_SECRET: 'x'.repeat(48), S3_ACCESS_KEY_ID: 'x', S3_SECRET_ACCESS_KEY: 'x' };
  expect(readConfig({ ...config, ...given, MONGODB_URI: 'mongodb://a/' }).NODE_ENV).toBe('production');
});

test('only the load balancer and the object store are reachable from outside', async () => {
  const services = await readCompose();
  for (const [name, { ports = [] }] of Object.entries(services)) {
    if (name === 'balancer' || name === 'files') continue;
    expect(
      ports.every((port) => port.startsWith('127.0.0.1:')),
      name,
    ).toBe(true);
  }
});

const deployment = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    strategy: z.object({ rollingUpdate: z.object({ maxUnavailable: z.literal(0) }) }),
    template: z.object({
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        containers: z.tuple([
          z.object({
            lifecycle: z.object({
              preStop: z.object({ exec: z.object({ command: z.tuple([z.literal('sleep'), z.string()]) }) }),
            }),
            readinessProbe: z.object({ httpGet: z.object({ path: z.literal('/health/ready') }) }),
            livenessProbe: z.object({ httpGet: z.object({ path: z.literal('/health/live') }) }),
          }),
        ]),
      }),
    }),
  }),
});

test('a stopping server gets the time that its shutdown may take', async () => {
  const { server1 } = await readCompose();
  const shutdownMs = SHUTDOWN_STEPS * Number(server1?.environment?.['SHUTDOWN_TIMEOUT_MS']);
  expect(secondsOf(server1?.stop_grace_period) * 1_000).toBeGreaterThan(shutdownMs);
  const { spec } = deployment.parse((await readYaml('kubernetes/deployment.yaml'))[0]).spec.template;
  const config = await readEnvFile(`${DEPLOY}/kubernetes/config.env`);
  const neededMs =
    Number(spec.containers[0].lifecycle.preStop.exec.command[1]) * 1_000 +
    SHUTDOWN_STEPS * Number(config['SHUTDOWN_TIMEOUT_MS']);
  expect(spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(neededMs);
});

const kustomization = z.object({ resources: z.array(z.string()) });

test('kustomize finds all files it names, and includes all but the optional ones', async () => {
  const { resources } = kustomization.parse((await readYaml('kubernetes/kustomization.yaml'))[0]);
  const files = (await readYamlFiles('kubernetes')).map(([name]) => name);
  const others = files.filter((name) => name !== 'kustomization.yaml' && !name.startsWith('optional/'));
  expect(resources.toSorted()).toEqual(others.toSorted());
});

test('the load balancer waits longer than the longest silence of a client', async () => {
  const config = await readFile(`${DEPLOY}/haproxy/haproxy.cfg`, 'utf8');
  for (const name of ['client', 'server', 'tunnel']) {
    const seconds = secondsOf(new RegExp(`^ +timeout ${name} +(\\S+)$`, 'm').exec(config)?.[1]);
    expect(seconds * 1_000, name).toBeGreaterThan(PING_MS);
  }
  const backends = [...config.matchAll(/^backend (\w+)$/gm)].map(([, name]) => name);
  const used = [...config.matchAll(/^ +(?:use|default)_backend (\w+)/gm)].map(([, name]) => name);
  expect(new Set(used)).toEqual(new Set(backends));
  expect(config).toContain('uri /health/ready');
  expect(config).toMatch(/cookie \w+ insert indirect nocache/);
});

const ADDRESSES = {
  ...{ BIND: '127.0.0.1:1', STATS_BIND: '127.0.0.1:2', MAXCONN: '100' },
  ...{ SERVER_1: '127.0.0.1:3', SERVER_2: '127.0.0.1:4', SERVER_3: '127.0.0.1:5' },
};

test.skipIf(!(await isThere('haproxy')))('haproxy accepts its configuration', async () => {
  await check('haproxy', ['-c', '-f', `${DEPLOY}/haproxy/haproxy.cfg`], ADDRESSES);
});

test('the files that the image copies exist, and no secret or data is copied', async () => {
  const dockerfile = await readFile(`${DEPLOY}/Dockerfile`, 'utf8');
  const ignore = (await readFile('.dockerignore', 'utf8')).split('\n');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, list = '']) =>
    list.split(' '),
  );
  expect(copied.length).toBeGreaterThan(5);
  for (const path of copied) {
    await stat(path);
    expect(ignore).toContain(`!${path.split('/')[0] ?? ''}`);
  }
  expect(ignore[1]).toBe('*');
  expect(ignore).toContain('**/.env*');
  expect(dockerfile).toMatch(/^USER node$/m);
});
