import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { PUSH_CONTENTS, PUSH_PROVIDERS } from '../../contract/index.js';
import { flag, list, wholeNumber } from './configFields.js';
import type { PushCredentials } from './push/index.js';
import { serviceAccount, type ServiceAccount } from './push/fcm.js';
import type { PushSettings } from './services/push/index.js';

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .transform((url) => url.replace(/\/+$/, ''));
const DAY_MS = 86_400_000;
const PUBLIC_KEY_BYTES = 65;
const PRIVATE_KEY_BYTES = 32;
const base64url = (bytes: number) =>
  z
    .string()
    .refine(
      (text) => /^[A-Za-z0-9_-]+$/.test(text) && Buffer.from(text, 'base64url').length === bytes,
      'must be a key as `npm run push -- keys` prints it',
    );
const appleId = z.string().regex(/^[A-Z0-9]{10}$/, 'must be 10 capital letters and digits');

const APNS_URLS = {
  production: 'https://api.push.apple.com',
  sandbox: 'https://api.sandbox.push.apple.com',
} as const;
/** Time after which Expo has receipts, in ms. */
const EXPO_RECEIPT_MS = 15 * 60_000;

/** Variables about push notifications. */
export const pushEnvironment = {
  PUSH_PROVIDERS: list
    .pipe(z.array(z.enum(PUSH_PROVIDERS, { error: `must be some of ${PUSH_PROVIDERS.join(', ')}` })))
    .optional(),
  PUSH_SENDING: flag.default(true),
  PUSH_CONTENT: z
    .enum(PUSH_CONTENTS, { error: `must be one of ${PUSH_CONTENTS.join(', ')}` })
    .default('full'),
  PUSH_TEXTS: z.enum(['plain', 'keys'], { error: 'must be plain or keys' }).default('plain'),
  PUSH_TO: z
    .enum(['background', 'disconnected'], { error: 'must be background or disconnected' })
    .default('background'),
  PUSH_TTL_MS: wholeNumber(1_000, 28 * DAY_MS).default(3_600_000),
  PUSH_TIMEOUT_MS: wholeNumber(100, 60_000).default(10_000),
  FCM_SERVICE_ACCOUNT_FILE: z.string().min(1).optional(),
  FCM_URL: httpUrl.default('https://fcm.googleapis.com'),
  APNS_KEY_FILE: z.string().min(1).optional(),
  APNS_KEY_ID: appleId.optional(),
  APNS_TEAM_ID: appleId.optional(),
  APNS_TOPIC: z.string().min(1).optional(),
  APNS_ENVIRONMENT: z
    .enum(['production', 'sandbox'], { error: 'must be production or sandbox' })
    .default('production'),
  APNS_URL: httpUrl.optional(),
  APNS_CA_FILE: z.string().min(1).optional(),
  EXPO_ACCESS_TOKEN: z.string().min(1).optional(),
  EXPO_URL: httpUrl.default('https://exp.host'),
  EXPO_RECEIPT_MS: wholeNumber(0, DAY_MS).default(EXPO_RECEIPT_MS),
  VAPID_PUBLIC_KEY: base64url(PUBLIC_KEY_BYTES).optional(),
  VAPID_PRIVATE_KEY: base64url(PRIVATE_KEY_BYTES).optional(),
  VAPID_SUBJECT: z
    .string()
    .regex(/^(mailto:.+@.+|https:\/\/.+)$/, 'must be mailto:… or https://…')
    .optional(),
} as const;

export type PushEnvironment = z.output<z.ZodObject<typeof pushEnvironment>>;

/** Returns the settings that the services of push notifications need. */
export const toPushSettings = (
  env: Pick<PushEnvironment, 'PUSH_SENDING' | 'PUSH_CONTENT' | 'PUSH_TEXTS' | 'PUSH_TTL_MS'>,
): PushSettings => ({
  isSending: env.PUSH_SENDING,
  content: env.PUSH_CONTENT,
  usesKeys: env.PUSH_TEXTS === 'keys',
  ttlMs: env.PUSH_TTL_MS,
});

/** The variables of one provider do not fit each other, or name a file that is of no use. */
export class PushConfigProblem extends Error {}

type Variable = keyof PushEnvironment;

function readFile(variable: Variable, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PushConfigProblem(`${variable}: ${file} cannot be read (${reason}).`);
  }
}

/** @throws PushConfigProblem when one of several variables that belong together is missing. */
function requireAll<Name extends Variable>(
  env: PushEnvironment,
  names: readonly Name[],
): Record<Name, string> {
  const missing = names.find((name) => env[name] === undefined);
  if (missing !== undefined) {
    const present = names.find((name) => env[name] !== undefined) ?? 'PUSH_PROVIDERS';
    throw new PushConfigProblem(`${missing} is needed for ${present}.`);
  }
  return Object.fromEntries(names.map((name) => [name, String(env[name])])) as Record<Name, string>;
}

function readAccount(file: string): ServiceAccount {
  const text = readFile('FCM_SERVICE_ACCOUNT_FILE', file);
  try {
    const account = serviceAccount.parse(JSON.parse(text));
    createPrivateKey(account.private_key);
    return account;
  } catch {
    throw new PushConfigProblem(
      `FCM_SERVICE_ACCOUNT_FILE: ${file} is not the key file of a service account.`,
    );
  }
}

function readApnsKey(file: string): string {
  const key = readFile('APNS_KEY_FILE', file);
  try {
    if (createPrivateKey(key).asymmetricKeyType === 'ec') return key;
  } catch {
    // Answered below.
  }
  throw new PushConfigProblem(`APNS_KEY_FILE: ${file} is not a key of Apple (.p8).`);
}

function readCertificate(file: string): string {
  const text = readFile('APNS_CA_FILE', file);
  try {
    new X509Certificate(text);
    return text;
  } catch {
    throw new PushConfigProblem(`APNS_CA_FILE: ${file} is not a certificate in PEM.`);
  }
}

const APNS_NAMES = ['APNS_KEY_FILE', 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC'] as const;
const VAPID_NAMES = ['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY', 'VAPID_SUBJECT'] as const;

/**
 * Returns the credentials of all providers that are configured: those of `PUSH_PROVIDERS`, by default those with variables.
 *
 * @throws PushConfigProblem with one sentence that names the variable.
 */
export function readPushCredentials(env: PushEnvironment): PushCredentials {
  const { PUSH_PROVIDERS: listed } = env;
  const isWanted = (name: (typeof PUSH_PROVIDERS)[number], variables: readonly Variable[]): boolean =>
    listed === undefined ? variables.some((variable) => env[variable] !== undefined) : listed.includes(name);
  return {
    fcm: isWanted('fcm', ['FCM_SERVICE_ACCOUNT_FILE'])
      ? {
          account: readAccount(requireAll(env, ['FCM_SERVICE_ACCOUNT_FILE']).FCM_SERVICE_ACCOUNT_FILE),
          baseUrl: env.FCM_URL,
        }
      : undefined,
    apns: isWanted('apns', APNS_NAMES) ? readApns(env) : undefined,
    expo: isWanted('expo', ['EXPO_ACCESS_TOKEN'])
      ? { accessToken: env.EXPO_ACCESS_TOKEN, baseUrl: env.EXPO_URL, receiptAfterMs: env.EXPO_RECEIPT_MS }
      : undefined,
    webPush: isWanted('webpush', VAPID_NAMES) ? readVapid(env) : undefined,
    timeoutMs: env.PUSH_TIMEOUT_MS,
  };
}

function readApns(env: PushEnvironment): PushCredentials['apns'] {
  const found = requireAll(env, APNS_NAMES);
  return {
    key: readApnsKey(found.APNS_KEY_FILE),
    keyId: found.APNS_KEY_ID,
    teamId: found.APNS_TEAM_ID,
    topic: found.APNS_TOPIC,
    baseUrl: env.APNS_URL ?? APNS_URLS[env.APNS_ENVIRONMENT],
    ca: env.APNS_CA_FILE === undefined ? undefined : readCertificate(env.APNS_CA_FILE),
  };
}

function readVapid(env: PushEnvironment): PushCredentials['webPush'] {
  const found = requireAll(env, VAPID_NAMES);
  return {
    publicKey: found.VAPID_PUBLIC_KEY,
    privateKey: found.VAPID_PRIVATE_KEY,
    subject: found.VAPID_SUBJECT,
  };
}
