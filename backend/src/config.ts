import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { LIMITS } from '../../contract/index.js';
import { attachmentEnvironment, attachmentProblem } from './attachmentConfig.js';
import { flag, list, proxies, wholeNumber } from './configFields.js';
import { allowedPrivate, outgoingEnvironment, outgoingProblem } from './outgoingConfig.js';
import { PushConfigProblem, pushEnvironment, readPushCredentials } from './pushConfig.js';
import type { PushCredentials } from './push/index.js';
import { parseRateRules, type RateRules } from './pipeline/rateRules.js';
import { DEFAULT_MAPPING } from './socket/legacy/defaultMapping.js';
import { legacyMapping, parseLegacyMapping, type LegacyMapping } from './socket/legacy/mapping.js';
import { JWT_ALGORITHMS, type JwtAlgorithm } from './utils/jwtAlgorithms.js';
import { LOG_LEVELS } from './utils/logger.js';

/** Secrets of example files. A production server with one of them would accept tokens from anyone. */
const SAMPLE_SECRETS = new Set([
  'change-me-to-a-long-random-string',
  'secret',
  'changeme',
  'your-secret-key',
]);
/** Minimum length of `JWT_SECRET` in production. */
const MIN_SECRET_CHARS = 32;

/** Largest window and interval: ten years, in ms. */
const MAX_WINDOW_MS = 315_360_000_000;
/** Upper bound of workers on one machine; more would compete for the CPU and for database connections. */
const MAX_WORKERS = 64;
const ORIGIN_RULE = 'must be origins such as https://app.example.com or capacitor://localhost, or *';
/** Web-view apps have a scheme of their own: capacitor://localhost, ionic://localhost, tauri://localhost. */
const APP_ORIGIN = /^(?!https?:|file:|wss?:|ftp:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9._-]+(:\d{1,5})?$/;
/** Normalizes an origin to the form that browsers send: lower case, no path, no default port. */
const origin = z.union([
  z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin),
  z
    .string()
    .transform((text) => text.toLowerCase().replace(/\/$/, ''))
    .pipe(z.string().regex(APP_ORIGIN)),
]);

/** `createPublicKey` also accepts a private key, which must not be configured (and distributed) as a public one. */
function isPublicKey(pem: string): boolean {
  try {
    return !pem.includes('PRIVATE KEY') && createPublicKey(pem).type === 'public';
  } catch {
    return false;
  }
}

const environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: wholeNumber(0, 65_535).default(3_000),
  WORKERS: z
    .string()
    .regex(/^(auto|\d+)$/, 'must be a whole number, or auto for one per core')
    .transform((text) => (text === 'auto' ? Math.min(availableParallelism(), MAX_WORKERS) : Number(text)))
    .pipe(z.number().min(1, 'must be at least 1').max(MAX_WORKERS, `must be at most ${MAX_WORKERS}, or auto`))
    .default(1),
  HOST: z.string().min(1).default('0.0.0.0'),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/.+/, 'must begin with mongodb:// or mongodb+srv://')
    .optional(),
  DATABASE_NAME: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,38}$/, 'must be 1 to 38 letters, digits, _ or -')
    .default('parley'),
  // Absolute from here on: files are served by their path.
  DATA_DIR: z
    .string()
    .min(1)
    .default('data')
    .transform((folder) => resolve(folder)),
  REDIS_URL: z
    .string()
    .refine(
      (url) => /^rediss?:\/\/.+/.test(url) && URL.canParse(url),
      'must begin with redis:// or rediss://',
    )
    .optional(),
  MESSAGE_CACHE: z.enum(['on', 'off']).default('on'),
  JWT_SECRET: z.string().min(1).optional(),
  JWT_PUBLIC_KEY: z.string().refine(isPublicKey, 'must be a public key in PEM').optional(),
  JWT_ALGORITHMS: list.pipe(z.array(z.enum(JWT_ALGORITHMS)).min(1)).optional(),
  JWT_AUDIENCE: z.string().min(1).optional(),
  JWT_ISSUER: z.string().min(1).optional(),
  JWT_LEEWAY_MS: wholeNumber(0, 300_000).default(5_000),
  PRIVATE_URLS: flag.optional(),
  CORS_ORIGINS: list.pipe(z.array(z.union([z.literal('*'), origin], { error: ORIGIN_RULE }))).default([]),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  DEMO: flag.optional(),
  DEMO_CHATS: flag.optional(),
  COMMIT_MAX_BATCH: wholeNumber(1, 5_000).default(500),
  COMMIT_MAX_WAITING: wholeNumber(1, 1_000_000).default(20_000),
  SEND_TIMEOUT_MS: wholeNumber(100, 120_000).default(8_000),
  EDIT_WINDOW_MS: wholeNumber(0, MAX_WINDOW_MS).default(900_000),
  DELETE_WINDOW_MS: wholeNumber(0, MAX_WINDOW_MS).default(172_800_000),
  RECEIPT_WINDOW_MS: wholeNumber(0, 8_000).default(2),
  RECEIPT_WINDOW_LARGE_MS: wholeNumber(0, 8_000).default(5_000),
  VERIFY_INTERVAL_MS: wholeNumber(0, MAX_WINDOW_MS).default(0),
  PRESENCE_GRACE_MS: wholeNumber(0, 60_000).default(2_000),
  RATE_LIMITS: z.string().default('on'),
  TRUST_PROXY: proxies.default(0),
  SOCKET_MAX_WAITING_BYTES: wholeNumber(16_384, 1_073_741_824).default(LIMITS.maxWaitingBytesPerSocket),
  MAX_COMMANDS_PER_SOCKET: wholeNumber(1, 100_000).default(LIMITS.maxCommandsPerSocket),
  MAX_COMMANDS_UNDER_WAY: wholeNumber(1, 1_000_000).default(20_000),
  MAX_COMMANDS_PER_USER: wholeNumber(1, 1_000_000).default(LIMITS.maxCommandsPerUser),
  MAX_COMMANDS_RUNNING_PER_USER: wholeNumber(1, 10_000).default(LIMITS.maxCommandsRunningPerUser),
  COMMAND_TIMEOUT_MS: wholeNumber(100, 120_000).default(10_000),
  MAX_SOCKETS_PER_USER: wholeNumber(1, 10_000).default(LIMITS.maxSocketsPerUser),
  MAX_SOCKETS: wholeNumber(1, 1_000_000).default(50_000),
  COMMIT_MAX_WAITING_PER_USER: wholeNumber(1, 1_000_000).default(1_000),
  SHUTDOWN_TIMEOUT_MS: wholeNumber(100, 120_000).default(10_000),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, 'must have 16 or more characters, without spaces')
    .optional(),
  LEGACY_EVENTS: flag.default(false),
  LEGACY_MAPPING: z.string().min(1).optional(),
  HISTORY_READ_PREFERENCE: z.enum(['primary', 'secondaryPreferred']).default('primary'),
  ...attachmentEnvironment,
  ...outgoingEnvironment,
  ...pushEnvironment,
});
type Environment = z.output<typeof environment>;

/** Validated configuration. `DEMO` hands out demo users' tokens to anyone who asks and is refused in production. */
export interface Config extends Omit<
  Environment,
  | 'JWT_ALGORITHMS'
  | 'DEMO'
  | 'DEMO_CHATS'
  | 'PRIVATE_URLS'
  | 'RATE_LIMITS'
  | 'LEGACY_EVENTS'
  | 'LEGACY_MAPPING'
  | 'EXTERNAL_ATTACHMENTS'
  | 'OUTGOING_ALLOW_PRIVATE'
> {
  RATE_LIMITS: RateRules;
  JWT_ALGORITHMS: JwtAlgorithm[];
  DEMO: boolean;
  /** Whether the demo users get example chats: matches, a product, orders. Default: as `DEMO`. */
  DEMO_CHATS: boolean;
  /** Whether attachment URLs may be plain HTTP and point to this machine or a private network. */
  PRIVATE_URLS: boolean;
  /** Whether messages may name files that are stored elsewhere. Whoever looks at one tells that host their address. */
  EXTERNAL_ATTACHMENTS: boolean;
  /** Hosts, addresses and ranges that outgoing requests may reach besides public ones. */
  OUTGOING_ALLOW_PRIVATE: string[];
  /** Providers of push notifications; all undefined while there are none. */
  PUSH_CREDENTIALS: PushCredentials;
  /** Event and id mapping of legacy clients; undefined when `LEGACY_EVENTS` is off. */
  LEGACY: LegacyMapping | undefined;
}

/** The environment holds an invalid value; the message names the variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Returns the address of the database. Optional in the configuration, because scripts read it before they know the
 * database; required by everything that connects.
 *
 * @throws ConfigError when it is not set.
 */
export function requireMongoUri({ MONGODB_URI }: Pick<Config, 'MONGODB_URI'>): string {
  if (MONGODB_URI !== undefined) return MONGODB_URI;
  throw new ConfigError(
    'MONGODB_URI is not set: set it to a MongoDB, or use `npm start`, which brings an embedded database.',
  );
}

function checkKeys(env: Environment, algorithms: JwtAlgorithm[]): void {
  const production = env.NODE_ENV === 'production';
  const symmetric = algorithms.some((algorithm) => algorithm.startsWith('HS'));
  if (algorithms.some((algorithm) => !algorithm.startsWith('HS')) && env.JWT_PUBLIC_KEY === undefined) {
    throw new ConfigError(`JWT_PUBLIC_KEY is needed for JWT_ALGORITHMS=${algorithms.join(',')}.`);
  }
  if (symmetric && production && env.JWT_SECRET === undefined) {
    throw new ConfigError(
      'JWT_SECRET is needed in production (or JWT_PUBLIC_KEY with JWT_ALGORITHMS=RS256).',
    );
  }
  if (symmetric && production && env.JWT_SECRET !== undefined) {
    if (SAMPLE_SECRETS.has(env.JWT_SECRET))
      throw new ConfigError('JWT_SECRET is a sample value: generate your own.');
    if (env.JWT_SECRET.length < MIN_SECRET_CHARS) {
      throw new ConfigError(`JWT_SECRET must have at least ${MIN_SECRET_CHARS} characters in production.`);
    }
  }
  if (production && env.DEMO === true) throw new ConfigError('DEMO cannot be true in production.');
}

/** @throws ConfigError when the mapping file cannot be read or is not a valid mapping. */
function readLegacy({ LEGACY_EVENTS, LEGACY_MAPPING: file }: Environment): LegacyMapping | undefined {
  if (!LEGACY_EVENTS) return undefined;
  if (file === undefined) return legacyMapping.parse(DEFAULT_MAPPING);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`LEGACY_MAPPING: ${file} cannot be read (${reason}).`);
  }
  const mapping = parseLegacyMapping(text);
  if (typeof mapping === 'string') throw new ConfigError(`LEGACY_MAPPING: ${file}: ${mapping}.`);
  return mapping;
}

function readPush(env: Environment): PushCredentials {
  try {
    return readPushCredentials(env);
  } catch (error) {
    throw error instanceof PushConfigProblem ? new ConfigError(error.message) : error;
  }
}

/**
 * Reads and validates the configuration. No other code reads the environment. Empty variables count as unset, because
 * compose files and shells often leave them empty.
 *
 * @throws ConfigError with one sentence that names the variable.
 */
export function readConfig(source: NodeJS.ProcessEnv): Config {
  const nonEmpty = Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environment.safeParse(nonEmpty);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ConfigError(`${issue?.path[0]?.toString() ?? 'environment'}: ${issue?.message ?? 'is wrong'}.`);
  }
  const { LEGACY_EVENTS, LEGACY_MAPPING, ...env } = parsed.data;
  const algorithms = env.JWT_ALGORITHMS ?? (env.JWT_PUBLIC_KEY !== undefined ? ['RS256'] : ['HS256']);
  checkKeys(parsed.data, algorithms);
  const problem = attachmentProblem(parsed.data) ?? outgoingProblem(parsed.data);
  if (problem !== undefined) throw new ConfigError(problem);
  const rules = parseRateRules(env.RATE_LIMITS, { generous: env.NODE_ENV !== 'production' });
  if (typeof rules === 'string') throw new ConfigError(`RATE_LIMITS: ${rules}.`);
  const hasOwnKeys = env.JWT_SECRET !== undefined || env.JWT_PUBLIC_KEY !== undefined;
  const isDemo = env.DEMO ?? (env.NODE_ENV !== 'production' && !hasOwnKeys);
  return {
    ...env,
    PUSH_CREDENTIALS: readPush(parsed.data),
    LEGACY: readLegacy(parsed.data),
    JWT_ALGORITHMS: algorithms,
    RATE_LIMITS: rules,
    PRIVATE_URLS: env.PRIVATE_URLS ?? env.NODE_ENV !== 'production',
    EXTERNAL_ATTACHMENTS: env.EXTERNAL_ATTACHMENTS ?? env.NODE_ENV !== 'production',
    OUTGOING_ALLOW_PRIVATE: allowedPrivate(env, env.NODE_ENV === 'production'),
    DEMO: isDemo,
    DEMO_CHATS: isDemo && (env.DEMO_CHATS ?? true),
  };
}
