import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scripted } from './recorder.js';

export interface ProviderRequest {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

export type Respond = (request: ProviderRequest) => Scripted | Promise<Scripted>;

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

export const plainHeaders = (headers: IncomingMessage['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** A local HTTP server that answers as a provider documents it. */
export class HttpProvider implements AsyncDisposable {
  private constructor(
    readonly server: Server,
    readonly url: string,
  ) {}

  static async start(respond: Respond): Promise<HttpProvider> {
    const server = createServer((request, response) => {
      void answer(request, response, respond);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new HttpProvider(server, `http://127.0.0.1:${port}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, respond: Respond): Promise<void> {
  const body = await read(request);
  const {
    status,
    body: data,
    headers,
    delayMs = 0,
  } = await respond({
    path: request.url ?? '',
    headers: plainHeaders(request.headers),
    body,
  });
  if (delayMs === Infinity) return;
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(data === undefined ? '' : JSON.stringify(data));
}
