import type { Answer } from '../../contract/index.js';

/** An HTTP answer of the server. */
export interface ApiReply<Data = unknown> {
  status: number;
  body: Answer<Data>;
  headers: Headers;
}

/** Calls the server over HTTP as one user. */
export class Api {
  constructor(
    readonly url: string,
    readonly token: string | undefined,
  ) {}

  get<Data = unknown>(path: string): Promise<ApiReply<Data>> {
    return this.request('GET', path);
  }

  post<Data = unknown>(path: string, body?: unknown): Promise<ApiReply<Data>> {
    return this.request('POST', path, body);
  }

  async request<Data = unknown>(method: string, path: string, body?: unknown): Promise<ApiReply<Data>> {
    const response = await fetch(this.url + path, {
      method,
      // An endpoint that redirects answers with data, too.
      redirect: 'manual',
      headers: {
        ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Answer<Data>;
    return { status: response.status, body: answer, headers: response.headers };
  }
}

/** Returns the data of a successful answer; fails for any other. */
export function dataOf<Data>(reply: ApiReply<Data>): Data {
  if (!reply.body.success) throw new Error(`refused: ${reply.status} ${reply.body.code} ${reply.body.error}`);
  return reply.body.data;
}
