import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { HttpProvider, type ProviderRequest } from './httpProvider.js';
import { Recorder, type Scripted } from './recorder.js';

const PROJECT = 'parley-test';
const EMAIL = 'push@parley-test.example';
const TOKEN_PATH = '/token';

const error = (status: number, name: string, details: unknown[] = []): Scripted => ({
  status,
  body: { error: { code: status, message: name, status: name, details } },
});
const fcmError = (errorCode: string) => [
  { '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode },
];

/** Answers of FCM HTTP v1, as its reference documents them. */
export const FCM = {
  unregistered: error(404, 'NOT_FOUND', fcmError('UNREGISTERED')),
  badToken: error(400, 'INVALID_ARGUMENT', [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'message.token' }] },
  ]),
  badRequest: error(400, 'INVALID_ARGUMENT', fcmError('INVALID_ARGUMENT')),
  quota: (retryAfterS: number): Scripted => ({
    ...error(429, 'RESOURCE_EXHAUSTED', fcmError('QUOTA_EXCEEDED')),
    headers: { 'retry-after': String(retryAfterS) },
  }),
  internal: error(500, 'INTERNAL', fcmError('INTERNAL')),
} as const;

/** FCM and Google's token endpoint in one local server. */
export class FcmServer implements AsyncDisposable {
  readonly recorder = new Recorder();
  /** Access tokens that were given out. */
  readonly issued: string[] = [];
  /** False while the token endpoint refuses the service account. */
  acceptsAccount = true;
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  #valid = new Set<string>();
  #http: HttpProvider | undefined;

  static async start(): Promise<FcmServer> {
    const fcm = new FcmServer();
    fcm.#http = await HttpProvider.start((request) => fcm.#respond(request));
    return fcm;
  }

  get url(): string {
    return this.#http?.url ?? '';
  }

  /** Writes the key file of a service account. @returns the variables of a server that uses it. */
  async env(dir: string): Promise<Record<string, string>> {
    const file = join(dir, 'service-account.json');
    const account = {
      type: 'service_account',
      project_id: PROJECT,
      client_email: EMAIL,
      private_key: this.#keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${this.url}${TOKEN_PATH}`,
    };
    await writeFile(file, JSON.stringify(account));
    return { PUSH_PROVIDERS: 'fcm', PUSH_SENDING: 'true', FCM_SERVICE_ACCOUNT_FILE: file, FCM_URL: this.url };
  }

  /** Refuses the access tokens that were given out until now. */
  expireTokens(): void {
    this.#valid = new Set();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http?.[Symbol.asyncDispose]();
  }

  #respond({ path, headers, body }: ProviderRequest): Scripted {
    if (path === TOKEN_PATH) return this.#issue(body);
    if (path !== `/v1/projects/${PROJECT}/messages:send`) return error(404, 'NOT_FOUND');
    const access = headers['authorization']?.replace(/^Bearer /, '') ?? '';
    const { message } = JSON.parse(body.toString()) as { message: Record<string, unknown> };
    const token = String(message['token']);
    const scripted = this.#valid.has(access)
      ? (this.recorder.next(token) ?? { status: 200, body: { name: `projects/${PROJECT}/messages/1` } })
      : error(401, 'UNAUTHENTICATED');
    this.recorder.note({ token, payload: message, headers, status: scripted.status });
    return scripted;
  }

  #issue(body: Buffer): Scripted {
    const form = new URLSearchParams(body.toString());
    const isGrant = form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    try {
      jwt.verify(form.get('assertion') ?? '', this.#keys.publicKey, {
        algorithms: ['RS256'],
        issuer: EMAIL,
        audience: `${this.url}${TOKEN_PATH}`,
      });
    } catch {
      return { status: 400, body: { error: 'invalid_grant' } };
    }
    if (!isGrant || !this.acceptsAccount) return { status: 400, body: { error: 'invalid_grant' } };
    const token = `access-${this.issued.length + 1}`;
    this.issued.push(token);
    this.#valid.add(token);
    return { status: 200, body: { access_token: token, expires_in: 3_599, token_type: 'Bearer' } };
  }
}
