import { createDecipheriv, createECDH, hkdfSync, randomBytes, type ECDH } from 'node:crypto';
import webPush from 'web-push';
import { HttpProvider, type ProviderRequest } from './httpProvider.js';
import { Recorder, type Scripted } from './recorder.js';

const SALT_BYTES = 16;
const TAG_BYTES = 16;

/** A browser's push service, and the browsers that have subscribed there. */
export class WebPushServer implements AsyncDisposable {
  readonly recorder = new Recorder();
  readonly vapid = webPush.generateVAPIDKeys();
  readonly #browsers = new Map<string, { keys: ECDH; auth: Buffer }>();
  #http: HttpProvider | undefined;

  static async start(): Promise<WebPushServer> {
    const server = new WebPushServer();
    server.#http = await HttpProvider.start((request) => server.#respond(request));
    return server;
  }

  get url(): string {
    return this.#http?.url ?? '';
  }

  env(): Record<string, string> {
    return {
      PUSH_PROVIDERS: 'webpush',
      PUSH_SENDING: 'true',
      VAPID_PUBLIC_KEY: this.vapid.publicKey,
      VAPID_PRIVATE_KEY: this.vapid.privateKey,
      VAPID_SUBJECT: 'mailto:operator@parley.example',
      // The push service of the tests is on this machine.
      OUTGOING_ALLOW_PRIVATE: '127.0.0.1',
    };
  }

  /** @returns a subscription as JSON text, as a page sends it */
  subscribe(name: string, origin = this.url): string {
    const keys = createECDH('prime256v1');
    const p256dh = keys.generateKeys().toString('base64url');
    const auth = randomBytes(SALT_BYTES);
    this.#browsers.set(`/push/${name}`, { keys, auth });
    return JSON.stringify({
      endpoint: `${origin}/push/${name}`,
      expirationTime: null,
      keys: { p256dh, auth: auth.toString('base64url') },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http?.[Symbol.asyncDispose]();
  }

  #respond({ path, headers, body }: ProviderRequest): Scripted {
    const browser = this.#browsers.get(path);
    if (browser === undefined) return { status: 404 };
    const name = path.replace('/push/', '');
    const scripted = this.recorder.next(name) ?? { status: 201 };
    const payload = JSON.parse(decrypt(body, browser)) as Record<string, unknown>;
    this.recorder.note({ token: name, payload, headers, status: scripted.status });
    return scripted;
  }
}

/** Decrypts `aes128gcm` (RFC 8188) with the keys of a subscription (RFC 8291), as a browser does. */
function decrypt(body: Buffer, { keys, auth }: { keys: ECDH; auth: Buffer }): string {
  const salt = body.subarray(0, SALT_BYTES);
  const idLength = body.readUInt8(SALT_BYTES + 4);
  const idStart = SALT_BYTES + 5;
  const senderKey = body.subarray(idStart, idStart + idLength);
  const record = body.subarray(idStart + idLength);
  const derive = (secret: Buffer, from: { salt: Buffer; info: Buffer; length: number }): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, from.salt, from.info, from.length));
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), senderKey]);
  const secret = derive(keys.computeSecret(senderKey), { salt: auth, info, length: 32 });
  const key = derive(secret, { salt, info: Buffer.from('Content-Encoding: aes128gcm\0'), length: 16 });
  const nonce = derive(secret, { salt, info: Buffer.from('Content-Encoding: nonce\0'), length: 12 });
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-TAG_BYTES));
  const plain = Buffer.concat([decipher.update(record.subarray(0, -TAG_BYTES)), decipher.final()]);
  // A delimiter, and padding after it, end the text.
  return plain.subarray(0, plain.lastIndexOf(2)).toString();
}
