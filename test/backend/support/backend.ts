import { SCOPES, type Answer, type Scope } from '../../../contract/index.js';
import { createApiKeyText } from '../../../backend/src/utils/apiKeyText.js';
import type { ApiReply } from '../../support/api.js';
import type { TestServer } from '../../support/server.js';

const ROOT = '/api/server/v1';

export interface CallOptions {
  body?: unknown;
  /** Header `Idempotency-Key`. */
  key?: string;
}

/** Calls the server-side API with one API key. */
export class Backend {
  constructor(
    readonly url: string,
    readonly apiKey: string | undefined,
    readonly keyId: string,
  ) {}

  async call<Data = Record<string, unknown>>(
    method: string,
    path: string,
    { body, key }: CallOptions = {},
  ): Promise<ApiReply<Data>> {
    const response = await fetch(`${this.url}${ROOT}${path}`, {
      method,
      headers: {
        ...(this.apiKey !== undefined && { authorization: `Bearer ${this.apiKey}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Answer<Data>;
    return { status: response.status, body: answer, headers: response.headers };
  }

  /** Calls, and returns the data of the answer. Fails for a refusal. */
  async ok<Data = Record<string, unknown>>(
    method: string,
    path: string,
    options: CallOptions = {},
  ): Promise<Data> {
    const { body, status } = await this.call<Data>(method, path, options);
    if (!body.success) throw new Error(`${method} ${path} refused: ${status} ${body.code} ${body.error}`);
    return body.data;
  }

  /** Calls, and returns the code of the refusal, or `OK`. */
  async codeOf(method: string, path: string, options: CallOptions = {}): Promise<string> {
    const { body } = await this.call(method, path, options);
    return body.success ? 'OK' : body.code;
  }
}

/** Creates an API key as the script does, and returns its caller. */
export async function backendOf(
  { app, url }: Pick<TestServer, 'app' | 'url'>,
  { scopes = SCOPES, name = 'backend' }: { scopes?: readonly Scope[]; name?: string } = {},
): Promise<Backend> {
  const { id, text, hash } = createApiKeyText();
  await app.models.apiKeys.insert({ _id: id, name, scopes: [...scopes], hash });
  return new Backend(url, text, id);
}
