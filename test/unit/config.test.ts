import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../backend/src/config.js';

const LONG_SECRET = 'a-long-random-secret-of-nobody-0123456789';
const PEM = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const production = { NODE_ENV: 'production', JWT_SECRET: LONG_SECRET };

const messageOf = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
};

test.each([
  ['NODE_ENV', 'prod'],
  ['PORT', '70000'],
  ['PORT', '-1'],
  ['PORT', '1e3'],
  ['PORT', 'http'],
  ['MONGODB_URI', 'localhost:27017'],
  ['MONGODB_URI', 'https://example.com'],
  ['DATABASE_NAME', 'a.b'],
  ['DATABASE_NAME', 'x'.repeat(39)],
  ['MESSAGE_CACHE', 'false'],
  ['JWT_PUBLIC_KEY', 'not a key'],
  ['JWT_ALGORITHMS', 'none'],
  ['JWT_ALGORITHMS', 'HS256,none'],
  ['JWT_ALGORITHMS', ','],
  ['CORS_ORIGINS', 'app.example.com'],
  ['CORS_ORIGINS', 'ftp://app.example.com'],
  ['CORS_ORIGINS', 'https://a.example.com,null'],
  ['LOG_LEVEL', 'verbose'],
  ['DEMO', 'yes'],
  ['COMMIT_MAX_BATCH', '0'],
  ['COMMIT_MAX_BATCH', '5001'],
  ['COMMIT_MAX_WAITING', '0'],
  ['SEND_TIMEOUT_MS', '99'],
  ['SEND_TIMEOUT_MS', '1.5'],
  ['PRESENCE_GRACE_MS', '60001'],
  ['SHUTDOWN_TIMEOUT_MS', '0'],
])('%s=%s stops the start with a sentence that names the variable', (name, value) => {
  const message = messageOf({ [name]: value });
  expect(message).toMatch(new RegExp(`^${name}\\b.*\\.$`));
});

test('no message repeats the value: it may be a secret', () => {
  expect(messageOf({ JWT_PUBLIC_KEY: 'hunter2' })).not.toContain('hunter2');
  expect(messageOf({ MONGODB_URI: 'user:hunter2@host' })).not.toContain('hunter2');
  expect(messageOf({ ...production, JWT_SECRET: 'hunter2' })).not.toContain('hunter2');
});

test.each(['change-me-to-a-long-random-string', 'secret', 'changeme', 'your-secret-key'])(
  'production refuses the sample secret %s',
  (secret) => {
    expect(messageOf({ ...production, JWT_SECRET: secret })).toMatch(/^JWT_SECRET .*\.$/);
  },
);

test('production refuses a short secret, a missing one, and demo users', () => {
  expect(messageOf({ ...production, JWT_SECRET: 'x'.repeat(31) })).toMatch(/^JWT_SECRET .*32 characters/);
  expect(messageOf({ NODE_ENV: 'production' })).toMatch(/^JWT_SECRET /);
  expect(messageOf({ ...production, DEMO: 'true' })).toMatch(/^DEMO /);
  expect(messageOf(production)).toBe('accepted');
});

test('production takes a public key in place of a secret', () => {
  expect(readConfig({ NODE_ENV: 'production', JWT_PUBLIC_KEY: PEM })).toMatchObject({
    JWT_ALGORITHMS: ['RS256'],
    DEMO: false,
  });
});

test('an asymmetric algorithm without a public key stops the start', () => {
  expect(messageOf({ JWT_ALGORITHMS: 'RS256', JWT_SECRET: LONG_SECRET })).toMatch(/^JWT_PUBLIC_KEY /);
});

test('demo users are there by default only where no key is configured, and never in production', () => {
  expect(readConfig({}).DEMO).toBe(true);
  expect(readConfig({ DEMO: 'false' }).DEMO).toBe(false);
  expect(readConfig({ JWT_SECRET: 'mine' }).DEMO).toBe(false);
  expect(readConfig({ JWT_PUBLIC_KEY: PEM }).DEMO).toBe(false);
  expect(readConfig(production).DEMO).toBe(false);
});

test('empty variables count as not set, as compose files leave them', () => {
  expect(readConfig({ PORT: '', JWT_SECRET: '', CORS_ORIGINS: '', DEMO: '' })).toMatchObject({
    PORT: 3_000,
    CORS_ORIGINS: [],
    DEMO: true,
  });
});

test('lists are split at commas, and pages from elsewhere are shut out by default', () => {
  expect(readConfig({}).CORS_ORIGINS).toEqual([]);
  expect(
    readConfig({ CORS_ORIGINS: 'https://a.example.com, http://b.example.com:8080' }).CORS_ORIGINS,
  ).toEqual(['https://a.example.com', 'http://b.example.com:8080']);
  expect(readConfig({ CORS_ORIGINS: '*' }).CORS_ORIGINS).toEqual(['*']);
  expect(readConfig({ JWT_ALGORITHMS: 'HS256, HS512' }).JWT_ALGORITHMS).toEqual(['HS256', 'HS512']);
});

test('an origin counts however it is written: browsers send it without a path', () => {
  expect(
    readConfig({ CORS_ORIGINS: 'https://App.example.com/, http://b.example.com:80' }).CORS_ORIGINS,
  ).toEqual(['https://app.example.com', 'http://b.example.com']);
});

test('.env.example names every variable that the server reads, and no other', async () => {
  const example = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  const named = [...example.matchAll(/^#? ?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]);
  const source = await readFile(new URL('../../backend/src/config.ts', import.meta.url), 'utf8');
  const schema = /const environment = z\.object\(\{(.*?)^\}\);/ms.exec(source)?.[1] ?? '';
  const read = [...schema.matchAll(/^ {2}([A-Z][A-Z0-9_]*):/gm)].map((match) => match[1]);
  expect(read.length).toBeGreaterThan(15);
  expect(named.toSorted()).toEqual(read.toSorted());
  expect(new Set(named).size).toBe(named.length);
});

test('a server starts with .env.example as it is', async () => {
  const example = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  const env = Object.fromEntries(
    [...example.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map((match) => [match[1], match[2]]),
  ) as Record<string, string>;
  expect(messageOf(env)).toBe('accepted');
});
