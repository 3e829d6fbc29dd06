import jwt from 'jsonwebtoken';
import sharp from 'sharp';

interface Uploaded {
  attachmentId: string;
  /** Time from `complete` until the file was ready, in ms. */
  checkMs: number;
}

interface Answer<Data> {
  success: boolean;
  data: Data;
}

/** JPEG of this size with noise, which compresses like a photo. */
export async function makePhoto(width: number, height: number): Promise<Buffer<ArrayBuffer>> {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const image = sharp({ create: { width, height, channels: 3, background: '#888', noise } });
  return Buffer.from(await image.blur(1.2).jpeg({ quality: 85 }).toBuffer());
}

/** A user who uploads files over HTTP, as an app does. */
export class UploadClient {
  readonly #url: string;
  readonly #token: string;

  constructor({ port, secret }: { port: number; secret: string }, userId: string) {
    this.#url = `http://127.0.0.1:${port}`;
    this.#token = jwt.sign({ sub: userId }, secret, { algorithm: 'HS256', expiresIn: '1h' });
  }

  /** @throws when the answer is a failure. */
  async ask<Data>(method: 'GET' | 'POST', path: string, body?: object): Promise<Data> {
    const response = await fetch(this.#url + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Answer<Data>;
    if (!answer.success) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  }

  /** Uploads an image. @throws when it is not ready in the end. */
  async upload(bytes: Buffer<ArrayBuffer>): Promise<Uploaded> {
    const announced = {
      kind: 'image',
      fileName: 'photo.jpg',
      mimeType: 'image/jpeg',
      sizeBytes: bytes.length,
    };
    const { attachment, upload } = await this.ask<{
      attachment: { _id: string };
      upload: { url: string; headers: Record<string, string> };
    }>('POST', '/api/attachments', announced);
    const { url, headers } = upload;
    await fetch(new URL(url, this.#url), { method: 'PUT', headers, body: bytes });
    const startedMs = performance.now();
    for (;;) {
      const done = await this.ask<{ attachment: { status: string } }>(
        'POST',
        `/api/attachments/${attachment._id}/complete`,
      );
      const { status } = done.attachment;
      if (status === 'ready') break;
      if (status !== 'processing') throw new Error(`the photo is ${status}`);
    }
    return { attachmentId: attachment._id, checkMs: performance.now() - startedMs };
  }
}
