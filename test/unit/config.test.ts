import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { ConfigError, readConfig, requireMongoUri } from '../../backend/src/config.js';

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
  ['WORKERS', '0'],
  ['WORKERS', '65'],
  ['WORKERS', '2.5'],
  ['WORKERS', '-1'],
  ['WORKERS', 'all'],
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
  ['CORS_ORIGINS', 'file:///index.html'],
  ['CORS_ORIGINS', 'capacitor://'],
  ['CORS_ORIGINS', 'javascript:alert(1)'],
  ['CORS_ORIGINS', 'capacitor://localhost/path'],
  ['JWT_LEEWAY_MS', '-1'],
  ['PRIVATE_URLS', 'yes'],
  ['STORAGE', 'disk'],
  ['S3_ENDPOINT', 'minio:9000'],
  ['S3_PUBLIC_ENDPOINT', 'files.example.com'],
  ['S3_FORCE_PATH_STYLE', 'yes'],
  ['PUBLIC_URL', 'chat.example.com'],
  ['CDN_SECRET', 'short'],
  ['EXTERNAL_ATTACHMENTS', 'some'],
  ['ATTACHMENT_MAX_BYTES', '0'],
  ['ATTACHMENTS_PENDING', '0'],
  ['ATTACHMENTS_PER_DAY', '-1'],
  ['ATTACHMENT_BYTES_PER_DAY', '1 GB'],
  ['IMAGE_MAX_SIDE', '99'],
  ['IMAGE_QUALITY', '101'],
  ['MEDIA_WORKERS', '0'],
  ['MEDIA_TIMEOUT_MS', '99'],
  ['SCAN_URL', 'localhost'],
  ['SCAN_TIMEOUT_MS', '0'],
  ['LOG_LEVEL', 'verbose'],
  ['DEMO', 'yes'],
  ['DEMO_CHATS', 'yes'],
  ['COMMIT_MAX_BATCH', '0'],
  ['COMMIT_MAX_BATCH', '5001'],
  ['COMMIT_MAX_WAITING', '0'],
  ['SEND_TIMEOUT_MS', '99'],
  ['SEND_TIMEOUT_MS', '1.5'],
  ['PRESENCE_GRACE_MS', '60001'],
  ['SHUTDOWN_TIMEOUT_MS', '0'],
  ['RATE_LIMITS', 'maybe'],
  ['RATE_LIMITS', 'send=30'],
  ['RATE_LIMITS', 'send=0/10s'],
  ['RATE_LIMITS', 'send=30/0s'],
  ['RATE_LIMITS', 'send=30/10s,shout=1/1s'],
  ['RATE_LIMITS', 'send=30/10s+5/1s+5/1s'],
  ['RATE_LIMITS', 'toString=30/10s'],
  ['TRUST_PROXY', 'yes'],
  ['TRUST_PROXY', '10'],
  ['SOCKET_MAX_WAITING_BYTES', '1000'],
  ['MAX_COMMANDS_PER_SOCKET', '0'],
  ['MAX_COMMANDS_UNDER_WAY', '0'],
  ['MAX_COMMANDS_PER_USER', '0'],
  ['MAX_COMMANDS_RUNNING_PER_USER', '0'],
  ['COMMAND_TIMEOUT_MS', '0'],
  ['MAX_SOCKETS_PER_USER', '0'],
  ['MAX_SOCKETS', '0'],
  ['COMMIT_MAX_WAITING_PER_USER', '0'],
  ['METRICS_TOKEN', 'short'],
  ['METRICS_TOKEN', 'a token with spaces in it'],
  ['HISTORY_READ_PREFERENCE', 'secondary'],
  ['OUTGOING_ALLOW_PRIVATE', '10.0.0.0/33'],
  ['OUTGOING_ALLOW_PRIVATE', 'https://receiver'],
  ['OUTGOING_ALLOW_PRIVATE', 'a.*.b'],
  ['MODERATION_URL', 'moderation'],
  ['MODERATION_SECRET', 'whsec_c2hvcnQ='],
  ['MODERATION_FALLBACK', 'mask'],
  ['MODERATION_TIMEOUT_MS', '6000'],
  ['WEBHOOK_RETRY_MS', '0'],
  ['WEBHOOK_GIVE_UP_MS', '3d'],
])('%s=%s stops the start with a sentence that names the variable', (name, value) => {
  const message = messageOf({ [name]: value });
  expect(message).toMatch(new RegExp(`^${name}\\b.*\\.$`));
});

test('no message contains the value, which may be secret', () => {
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

test('production accepts a public key instead of a secret', () => {
  expect(readConfig({ NODE_ENV: 'production', JWT_PUBLIC_KEY: PEM })).toMatchObject({
    JWT_ALGORITHMS: ['RS256'],
    DEMO: false,
  });
});

test('an asymmetric algorithm without a public key stops the start', () => {
  expect(messageOf({ JWT_ALGORITHMS: 'RS256', JWT_SECRET: LONG_SECRET })).toMatch(/^JWT_PUBLIC_KEY /);
});

test('demo users exist by default only where no key is configured, and never in production', () => {
  expect(readConfig({}).DEMO).toBe(true);
  expect(readConfig({ DEMO: 'false' }).DEMO).toBe(false);
  expect(readConfig({ JWT_SECRET: 'mine' }).DEMO).toBe(false);
  expect(readConfig({ JWT_PUBLIC_KEY: PEM }).DEMO).toBe(false);
  expect(readConfig(production).DEMO).toBe(false);
  expect(readConfig({}).DEMO_CHATS).toBe(true);
  expect(readConfig({ DEMO_CHATS: 'false' }).DEMO_CHATS).toBe(false);
  expect(readConfig({ DEMO: 'false', DEMO_CHATS: 'true' }).DEMO_CHATS).toBe(false);
});

test('a missing address of the database is an error for the server only: scripts bring one', () => {
  expect(messageOf({})).toBe('accepted');
  expect(() => requireMongoUri(readConfig({ MONGODB_URI: '' }))).toThrow(ConfigError);
  expect(() => requireMongoUri(readConfig({}))).toThrow(/^MONGODB_URI .*npm start/);
  expect(requireMongoUri(readConfig({ MONGODB_URI: 'mongodb://a/' }))).toBe('mongodb://a/');
});

test('one process is the default, and auto is one for each core', () => {
  expect(readConfig({}).WORKERS).toBe(1);
  expect(readConfig({ WORKERS: '64' }).WORKERS).toBe(64);
  expect(readConfig({ WORKERS: 'auto' }).WORKERS).toBe(Math.min(availableParallelism(), 64));
});

test('addresses of private networks are accepted outside production only, unless configured otherwise', () => {
  expect(readConfig({}).PRIVATE_URLS).toBe(true);
  expect(readConfig(production).PRIVATE_URLS).toBe(false);
  expect(readConfig({ ...production, PRIVATE_URLS: 'true' }).PRIVATE_URLS).toBe(true);
});

test('empty variables count as not set, as compose files pass them', () => {
  expect(readConfig({ PORT: '', JWT_SECRET: '', CORS_ORIGINS: '', DEMO: '' })).toMatchObject({
    PORT: 3_000,
    CORS_ORIGINS: [],
    DEMO: true,
  });
});

test('lists are split at commas, and pages of other origins are refused by default', () => {
  expect(readConfig({}).CORS_ORIGINS).toEqual([]);
  expect(
    readConfig({ CORS_ORIGINS: 'https://a.example.com, http://b.example.com:8080' }).CORS_ORIGINS,
  ).toEqual(['https://a.example.com', 'http://b.example.com:8080']);
  expect(readConfig({ CORS_ORIGINS: '*' }).CORS_ORIGINS).toEqual(['*']);
  const apps = 'capacitor://localhost, ionic://localhost,Tauri://localhost/,chrome-extension://abcdef:8080';
  expect(readConfig({ CORS_ORIGINS: apps }).CORS_ORIGINS).toEqual([
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'chrome-extension://abcdef:8080',
  ]);
  expect(readConfig({ JWT_ALGORITHMS: 'HS256, HS512' }).JWT_ALGORITHMS).toEqual(['HS256', 'HS512']);
});

test('an origin is normalized: browsers send it without a path', () => {
  expect(
    readConfig({ CORS_ORIGINS: 'https://App.example.com/, http://b.example.com:80' }).CORS_ORIGINS,
  ).toEqual(['https://app.example.com', 'http://b.example.com']);
});

test('limits are on by default, ten times as high outside production, and can be changed one by one', () => {
  expect(readConfig({ RATE_LIMITS: 'off' }).RATE_LIMITS).toBeUndefined();
  expect(readConfig(production).RATE_LIMITS?.open).toEqual({ points: 60, perSeconds: 60 });
  expect(readConfig({ RATE_LIMITS: 'on' }).RATE_LIMITS?.open).toEqual({ points: 600, perSeconds: 60 });
  const changed = readConfig({ ...production, RATE_LIMITS: 'send=30/10s, open=5/1s+20/60s' }).RATE_LIMITS;
  expect(changed?.send).toEqual({ points: 30, perSeconds: 10 });
  expect(changed?.open).toEqual({ points: 5, perSeconds: 1, burst: { points: 20, perSeconds: 60 } });
  expect(changed?.typing).toEqual({ points: 20, perSeconds: 10 });
});

test('no proxy is trusted unless their number is configured', () => {
  expect(readConfig({}).TRUST_PROXY).toBe(0);
  expect(readConfig({ TRUST_PROXY: 'false' }).TRUST_PROXY).toBe(0);
  expect(readConfig({ TRUST_PROXY: 'true' }).TRUST_PROXY).toBe(1);
  expect(readConfig({ TRUST_PROXY: '2' }).TRUST_PROXY).toBe(2);
});

test('.env.example names every variable that the server reads, and no other', async () => {
  const example = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  const named = [...example.matchAll(/^#? ?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]);
  const sourceOf = (name: string) => readFile(new URL(`../../backend/src/${name}`, import.meta.url), 'utf8');
  const schemas = await Promise.all([
    sourceOf('config.ts').then((text) => /const environment = z\.object\(\{(.*?)^\}\);/ms.exec(text)?.[1]),
    ...['attachmentConfig.ts', 'outgoingConfig.ts', 'pushConfig.ts'].map(async (name) => {
      const group = /const \w+Environment = \{(.*?)^\} as const;/ms.exec(await sourceOf(name))?.[1];
      expect(group).toBeDefined();
      return group;
    }),
  ]);
  const schema = schemas.join('');
  const read = [...schema.matchAll(/^ {2}([A-Z][A-Z0-9_]*):/gm)].map((match) => match[1]);
  expect(read.length).toBeGreaterThan(15);
  expect(named.toSorted()).toEqual(read.toSorted());
  expect(new Set(named).size).toBe(named.length);
});

test('a server starts with an unchanged .env.example', async () => {
  const example = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  const env = Object.fromEntries(
    [...example.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map((match) => [match[1], match[2]]),
  ) as Record<string, string>;
  expect(messageOf(env)).toBe('accepted');
});

const S3 = {
  ...{ STORAGE: 's3', S3_ENDPOINT: 'https://s3.example.com', S3_BUCKET: 'b' },
  ...{ S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' },
};

test.each<[string, Record<string, string>, string]>([
  ['S3 without a bucket', { ...S3, S3_BUCKET: '' }, 'S3_BUCKET is needed for STORAGE=s3.'],
  ['S3 without a key', { ...S3, S3_ACCESS_KEY_ID: '' }, 'S3_ACCESS_KEY_ID is needed for STORAGE=s3.'],
  [
    "Amazon's S3 without a region",
    { ...S3, S3_ENDPOINT: '' },
    'S3_REGION is needed for STORAGE=s3 without S3_ENDPOINT.',
  ],
  [
    'a CDN whose addresses would open files for everybody',
    { ...S3, CDN_URL: 'https://cdn.example.com' },
    'CDN_SECRET is needed for CDN_URL: without it, every address would open a file for everybody.',
  ],
  ['a CDN without S3', { CDN_URL: 'https://cdn.example.com' }, 'CDN_URL needs STORAGE=s3.'],
  ['S3 with all that it needs', S3, 'accepted'],
])('%s', (_what, env, message) => {
  expect(messageOf(env)).toBe(message);
});

test('messages may name files that are stored elsewhere, except in production', () => {
  expect(readConfig({}).EXTERNAL_ATTACHMENTS).toBe(true);
  expect(readConfig(production).EXTERNAL_ATTACHMENTS).toBe(false);
  expect(readConfig({ ...production, EXTERNAL_ATTACHMENTS: 'true' }).EXTERNAL_ATTACHMENTS).toBe(true);
});
