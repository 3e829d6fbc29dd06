import { Agent, request } from 'node:http';
import type { Answer } from '../../contract/index.js';

/** Keep-alive client for the HTTP API of a local server. */
export class HttpClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(private readonly port: number) {}

  get(path: string, token: string): Promise<Answer<unknown>> {
    return this.call('GET', { path, token });
  }

  post(path: string, token: string, body: object): Promise<Answer<unknown>> {
    return this.call('POST', { path, token, json: JSON.stringify(body) });
  }

  close(): void {
    this.agent.destroy();
  }

  private call(
    method: string,
    { path, token, json = '' }: { path: string; token: string; json?: string },
  ): Promise<Answer<unknown>> {
    return new Promise((resolve, reject) => {
      const call = request({
        host: '127.0.0.1',
        port: this.port,
        agent: this.agent,
        method,
        path,
        timeout: 30_000,
        headers: {
          authorization: `Bearer ${token}`,
          ...(json !== '' && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(json),
          }),
        },
      });
      call.on('error', reject);
      call.on('timeout', () => call.destroy(new Error(`No answer to ${method} ${path}.`)));
      call.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString()) as Answer<unknown>);
          } catch (error) {
            reject(error instanceof Error ? error : new Error('Not JSON.'));
          }
        });
      });
      call.end(json);
    });
  }
}
