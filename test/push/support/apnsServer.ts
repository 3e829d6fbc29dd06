import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { CERTIFICATE, CERTIFICATE_KEY } from './certificate.js';
import { plainHeaders } from './httpProvider.js';
import { Recorder, type Scripted } from './recorder.js';

const KEY_ID = 'ABC123DEFG';
const TEAM_ID = 'DEF123GHIJ';
const TOPIC = 'example.parley.app';

/** Answers of APNs, as Apple documents them. */
export const APNS = {
  unregistered: { status: 410, body: { reason: 'Unregistered', timestamp: 1_454_948_015_990 } },
  badDeviceToken: { status: 400, body: { reason: 'BadDeviceToken' } },
  badCollapseId: { status: 400, body: { reason: 'BadCollapseId' } },
  expiredProviderToken: { status: 403, body: { reason: 'ExpiredProviderToken' } },
  invalidProviderToken: { status: 403, body: { reason: 'InvalidProviderToken' } },
  tooManyRequests: { status: 429, body: { reason: 'TooManyRequests' } },
  internal: { status: 500, body: { reason: 'InternalServerError' } },
} as const satisfies Record<string, Scripted>;

/** APNs over real HTTP/2 with TLS. */
export class ApnsServer implements AsyncDisposable {
  readonly recorder = new Recorder();
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #server: Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Connections that were opened. */
  connections = 0;

  private constructor() {
    this.#server = createSecureServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY });
    this.#server.on('session', (session) => {
      this.connections += 1;
      this.#sessions.add(session);
      session.on('close', () => this.#sessions.delete(session));
    });
    this.#server.on('stream', (stream, headers) => void this.#serve(stream, headers));
  }

  static async start(): Promise<ApnsServer> {
    const apns = new ApnsServer();
    apns.#server.listen(0, '127.0.0.1');
    await once(apns.#server, 'listening');
    return apns;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async env(dir: string): Promise<Record<string, string>> {
    const [keyFile, caFile] = [join(dir, 'key.p8'), join(dir, 'ca.pem')];
    await writeFile(keyFile, this.#keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(caFile, CERTIFICATE);
    return {
      PUSH_PROVIDERS: 'apns',
      PUSH_SENDING: 'true',
      APNS_KEY_FILE: keyFile,
      APNS_KEY_ID: KEY_ID,
      APNS_TEAM_ID: TEAM_ID,
      APNS_TOPIC: TOPIC,
      APNS_URL: this.url,
      APNS_CA_FILE: caFile,
    };
  }

  /** Ends all connections, as Apple does with those that are idle for long. */
  goAway(): void {
    for (const session of this.#sessions) session.goaway();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on('error', () => undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
    const token = /^\/3\/device\/(.+)$/.exec(String(headers[':path']))?.[1] ?? '';
    const payload = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const answer = this.#refuse(headers) ?? this.recorder.next(token) ?? { status: 200 };
    this.recorder.note({ token, payload, headers: plainHeaders(headers), status: answer.status });
    if (answer.delayMs === Infinity || stream.destroyed) return;
    stream.respond({ ':status': answer.status, ...answer.headers });
    stream.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  }

  #refuse(headers: IncomingHttpHeaders): Scripted | undefined {
    if (headers['apns-topic'] !== TOPIC) return { status: 400, body: { reason: 'BadTopic' } };
    const token = headers.authorization?.replace(/^bearer /, '') ?? '';
    try {
      const { header, payload } = jwt.verify(token, this.#keys.publicKey, {
        algorithms: ['ES256'],
        complete: true,
      });
      const isOurs = header.kid === KEY_ID && typeof payload === 'object' && payload.iss === TEAM_ID;
      return isOurs ? undefined : APNS.invalidProviderToken;
    } catch {
      return APNS.invalidProviderToken;
    }
  }
}
