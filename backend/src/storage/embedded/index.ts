import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  idOfKey,
  ObjectChanged,
  StoreUnavailable,
  type ExpectedObject,
  type FileHeaders,
  type ListedObject,
  type ObjectFacts,
  type ObjectStore,
  type OpenUpload,
  type SignedRequest,
  type SignedUrl,
  type UploadedPart,
} from '../../services/objectStore.js';
import type { AttachmentId } from '../../../../contract/index.js';
import { readOrCreateSecret } from '../../utils/secretFile.js';
import { urlWindow } from '../urlWindow.js';
import { DurableFiles, isMissingFile, isTaken } from './durableFiles.js';
import { FileUrls, type UrlMethod } from './fileUrls.js';

export { FILES_PATH } from './fileUrls.js';

/** Objects of one page of `list`. */
const PAGE = 1_000;
/** Age from which a file that is being written is taken for the rest of a killed process, in ms. */
const ABANDONED_MS = 24 * 3_600_000;

/** Outcome of an upload by a client, as HTTP status. */
export type Received = 200 | 400 | 403 | 411 | 412;

/** A file to answer. */
export interface ServedFile {
  file: string;
  headers: FileHeaders;
}

const etagOf = ({ mtimeMs, size, ino }: Stats): string => `"${ino}-${size}-${Math.round(mtimeMs)}"`;

/**
 * Object store in a folder, for `npm start` and small servers on one machine. Clients reach it by signed URLs of the server
 * itself (`http/routes/files.ts`).
 *
 * `objects/<key>`: the objects. `parts/<id>.<random>/<number>`: uploads in parts. `temporary/`: files being written.
 */
export class EmbeddedStore implements ObjectStore {
  readonly #root: string;
  readonly #urls: FileUrls;
  readonly #files: DurableFiles;

  private constructor(root: string, urls: FileUrls) {
    this.#root = root;
    this.#urls = urls;
    this.#files = new DurableFiles(join(root, 'temporary'));
  }

  /** @param publicUrl address of the server as clients see it; empty for URLs without one. */
  static async open(root: string, publicUrl = ''): Promise<EmbeddedStore> {
    const secret = await readOrCreateSecret(join(root, 'signing-key'));
    for (const folder of ['objects', 'parts', 'temporary'])
      await mkdir(join(root, folder), { recursive: true });
    return new EmbeddedStore(root, new FileUrls(secret, publicUrl.replace(/\/$/, '')));
  }

  async check(): Promise<void> {
    const folder = join(this.#root, 'temporary');
    for (const name of await readdir(folder)) {
      const found = await statOf(join(folder, name));
      const isAbandoned = found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS;
      if (isAbandoned) await rm(join(folder, name), { force: true });
    }
  }

  signUpload({ key, mimeType, sizeBytes }: ExpectedObject, expiresAt: Date): SignedRequest {
    const url = this.#urls.sign('PUT', key, {
      expires: String(expiresAt.getTime()),
      size: String(sizeBytes),
      type: mimeType,
    });
    return { url, headers: { 'content-type': mimeType, 'if-none-match': '*' } };
  }

  signPart(
    { key, sizeBytes }: Pick<ExpectedObject, 'key' | 'sizeBytes'>,
    { uploadId, partNumber }: { uploadId: string; partNumber: number },
    expiresAt: Date,
  ): SignedRequest {
    const url = this.#urls.sign('PUT', key, {
      expires: String(expiresAt.getTime()),
      size: String(sizeBytes),
      part: String(partNumber),
      upload: uploadId,
    });
    return { url, headers: {} };
  }

  signDownload(key: string, { mimeType, disposition }: FileHeaders): SignedUrl {
    const { expiresAt } = urlWindow();
    const url = this.#urls.sign('GET', key, {
      expires: String(expiresAt.getTime()),
      type: mimeType,
      disposition,
    });
    return { url, expiresAt };
  }

  /** Returns the attachment that a URL uploads; undefined when its signature is wrong or it has expired. */
  findSignedUpload(key: string, query: URLSearchParams): AttachmentId | undefined {
    return this.#verify('PUT', key, query) === undefined ? undefined : idOfKey(key);
  }

  /**
   * Stores the body of a client's upload. Nothing is read before the signature is verified, and no more than was announced.
   * Returns the HTTP status: 200 when it is stored for good.
   */
  async receive(
    key: string,
    query: URLSearchParams,
    { body, headers }: { body: Readable; headers: { length: string | undefined; type: string | undefined } },
  ): Promise<Received> {
    const signed = this.#verify('PUT', key, query);
    if (signed === undefined) return 403;
    if (headers.length === undefined) return 411;
    const isPart = signed['upload'] !== undefined;
    if (headers.length !== signed['size'] || (!isPart && headers.type !== signed['type'])) return 403;
    const counted = new ExactLength(Number(signed['size']));
    try {
      if (isPart) {
        const folder = this.#partsOf(signed['upload'] ?? '');
        if ((await statOf(folder)) === undefined) return 400;
        await this.#files.replace(join(folder, signed['part'] ?? ''), body, counted);
      } else {
        if ((await statOf(this.#pathOf(key))) !== undefined) return 412;
        await this.#files.create(this.#pathOf(key), body, counted);
      }
      return 200;
    } catch (error) {
      if (isTaken(error)) return 412;
      if (error instanceof WrongLength) return 400;
      throw error;
    }
  }

  /** Returns the file that a client's URL names: `forbidden` when its signature is wrong or it has expired. */
  async serve(key: string, query: URLSearchParams): Promise<ServedFile | 'forbidden' | 'missing'> {
    const signed = this.#verify('GET', key, query);
    if (signed === undefined) return 'forbidden';
    const file = this.#pathOf(key);
    if ((await statOf(file)) === undefined) return 'missing';
    const { type: mimeType = 'application/octet-stream', disposition = 'attachment' } = signed;
    return { file, headers: { mimeType, disposition } };
  }

  async startParts({ key }: ExpectedObject): Promise<string> {
    const uploadId = `${idOfKey(key) ?? ''}.${randomBytes(12).toString('hex')}`;
    await this.#ask(() => mkdir(this.#partsOf(uploadId)));
    return uploadId;
  }

  listParts(_key: string, uploadId: string): Promise<UploadedPart[] | undefined> {
    return this.#ask(async () => {
      const folder = this.#partsOf(uploadId);
      if ((await statOf(folder)) === undefined) return undefined;
      const names = await readdir(folder);
      const found = await Promise.all(
        names.map(async (name): Promise<UploadedPart[]> => {
          const facts = await statOf(join(folder, name));
          return facts === undefined
            ? []
            : [{ partNumber: Number(name), sizeBytes: facts.size, etag: etagOf(facts) }];
        }),
      );
      return found.flat().sort((a, b) => a.partNumber - b.partNumber);
    });
  }

  joinParts(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void> {
    return this.#ask(async () => {
      const folder = this.#partsOf(uploadId);
      const files = parts.map(({ partNumber }) => join(folder, String(partNumber)));
      await this.#files.join(files, this.#pathOf(key));
      await rm(folder, { recursive: true, force: true });
    });
  }

  dropParts(_key: string, uploadId: string): Promise<void> {
    return this.#ask(() => rm(this.#partsOf(uploadId), { recursive: true, force: true }));
  }

  find(key: string): Promise<ObjectFacts | undefined> {
    return this.#ask(async () => {
      const found = await statOf(this.#pathOf(key));
      return found && { sizeBytes: found.size, etag: etagOf(found) };
    });
  }

  read(key: string, file: string, { etag, maxBytes }: { etag: string; maxBytes: number }): Promise<void> {
    return this.#ask(async () => {
      await this.#requireUnchanged(key, etag);
      const bytes = createReadStream(this.#pathOf(key), { end: maxBytes - 1 });
      await unlessGone(pipeline(bytes, createWriteStream(file)));
    });
  }

  write(key: string, file: string, _headers: FileHeaders): Promise<void> {
    return this.#ask(() => this.#files.replace(this.#pathOf(key), createReadStream(file)));
  }

  copy(from: { key: string; etag: string }, to: string, _headers: FileHeaders): Promise<void> {
    return this.#ask(async () => {
      await this.#requireUnchanged(from.key, from.etag);
      await unlessGone(this.#files.copy(this.#pathOf(from.key), this.#pathOf(to)));
    });
  }

  remove(keys: readonly string[]): Promise<void> {
    return this.#ask(async () => {
      for (const key of keys) {
        await rm(this.#pathOf(key), { force: true });
        // The folder of an attachment, once it is empty.
        if (key.startsWith('att/')) await rmdir(dirname(this.#pathOf(key))).catch(() => undefined);
      }
    });
  }

  list(prefix: string, after = ''): Promise<{ objects: ListedObject[]; next?: string }> {
    return this.#ask(async () => {
      const base = join(this.#root, 'objects');
      const [top = ''] = prefix.split('/');
      const entries = await readdir(join(base, top), { recursive: true }).catch(() => []);
      const keys = entries
        .map((name) => `${top}/${name.replaceAll('\\', '/')}`)
        .filter((key) => key.startsWith(prefix) && key > after)
        .sort();
      const objects: ListedObject[] = [];
      for (const key of keys) {
        const found = await statOf(join(base, key));
        if (found?.isFile() !== true) continue;
        if (objects.length === PAGE) return { objects, next: objects.at(-1)?.key ?? key };
        objects.push({ key, sizeBytes: found.size, modifiedAt: found.mtime });
      }
      return { objects };
    });
  }

  listOpenUploads(prefix: string): Promise<OpenUpload[]> {
    return this.#ask(async () => {
      const names = await readdir(join(this.#root, 'parts'));
      const found = await Promise.all(
        names.map(async (uploadId): Promise<OpenUpload[]> => {
          const facts = await statOf(this.#partsOf(uploadId));
          const key = `${prefix}${uploadId.split('.')[0] ?? ''}`;
          return facts === undefined ? [] : [{ key, uploadId, startedAt: facts.birthtime }];
        }),
      );
      return found.flat();
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Only keys of this server's own form become paths. */
  #verify(method: UrlMethod, key: string, query: URLSearchParams): Record<string, string> | undefined {
    return idOfKey(key) === undefined ? undefined : this.#urls.verify(method, key, query);
  }

  #pathOf(key: string): string {
    return join(this.#root, 'objects', key);
  }

  #partsOf(uploadId: string): string {
    return join(this.#root, 'parts', uploadId);
  }

  async #requireUnchanged(key: string, etag: string): Promise<void> {
    const found = await statOf(this.#pathOf(key));
    if (found === undefined || etagOf(found) !== etag) throw new ObjectChanged('the file has changed');
  }

  async #ask<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ObjectChanged) throw error;
      throw new StoreUnavailable('the folder of files cannot be used', { cause: error });
    }
  }
}

/** @throws ObjectChanged when the file was removed in the meantime. */
const unlessGone = (work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => {
    if (isMissingFile(error)) throw new ObjectChanged('the file is gone', { cause: error });
    throw error;
  });

const statOf = (file: string): Promise<Stats | undefined> =>
  stat(file).catch((error: unknown) => {
    if (isMissingFile(error)) return undefined;
    throw error;
  });

class WrongLength extends Error {}

/** Passes on exactly this many bytes. @throws WrongLength for more (at once) and for fewer (at the end). */
class ExactLength extends Transform {
  #left: number;

  constructor(bytes: number) {
    super();
    this.#left = bytes;
  }

  override _transform(
    chunk: Buffer,
    _encoding: string,
    done: (error?: Error | null, data?: Buffer) => void,
  ): void {
    this.#left -= chunk.length;
    if (this.#left < 0) done(new WrongLength('more bytes than announced'));
    else done(null, chunk);
  }

  override _flush(done: (error?: Error | null) => void): void {
    done(this.#left === 0 ? null : new WrongLength('fewer bytes than announced'));
  }
}
