import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
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
import { CdnUrls } from '../cdnUrls.js';
import { urlWindow } from '../urlWindow.js';
import { ask, askForExisting, isForbidden, isMissing } from './errors.js';
import { S3Signer } from './signer.js';

export interface S3Options {
  /** Undefined for Amazon's own. */
  endpoint: string | undefined;
  /** Address by which clients reach the store, where that is another one. Signatures hold for one address only. */
  publicEndpoint?: string | undefined;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** True for `https://host/bucket`, false for `https://bucket.host`. */
  forcePathStyle: boolean;
  cdn: { url: string; secret: string } | undefined;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** Time without a byte, in ms. */
const SOCKET_TIMEOUT_MS = 15_000;
const MAX_ATTEMPTS = 2;
/** Objects that one request removes. */
const MAX_REMOVED = 1_000;

const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {
  // See above.
}

/** Address in front of every key. */
function baseOf({ endpoint, publicEndpoint, region, bucket, forcePathStyle }: S3Options): URL {
  const url = new URL(publicEndpoint ?? endpoint ?? `https://s3.${region}.amazonaws.com`);
  const path = url.pathname.replace(/\/$/, '');
  if (forcePathStyle) url.pathname = `${path}/${bucket}`;
  else url.host = `${bucket}.${url.host}`;
  return url;
}

const writtenHeaders = ({ mimeType, disposition }: FileHeaders) => ({
  ContentType: mimeType,
  ContentDisposition: disposition,
  // Each URL is valid for minutes, and its object never changes.
  CacheControl: 'private, max-age=86400, immutable',
});

/** Object store behind the S3 protocol: Amazon S3, Cloudflare R2, MinIO, versitygw and others. */
export class S3Store implements ObjectStore {
  readonly #options: S3Options;
  readonly #client: S3Client;
  readonly #signer: S3Signer;
  readonly #base: URL;
  readonly #cdn: CdnUrls | undefined;

  constructor(options: S3Options) {
    const { accessKeyId, secretAccessKey, region } = options;
    this.#options = options;
    this.#client = new S3Client({
      region,
      ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
      forcePathStyle: options.forcePathStyle,
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: MAX_ATTEMPTS,
      // Not every compatible store knows the newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // Failures are thrown, and logged once by their callers.
      logger: SILENT,
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SOCKET_TIMEOUT_MS },
    });
    this.#signer = new S3Signer({ accessKeyId, secretAccessKey, region });
    this.#base = baseOf(options);
    this.#cdn = options.cdn && new CdnUrls(options.cdn);
  }

  /** Origin of its URLs. */
  get origin(): string {
    return this.#base.origin;
  }

  async check(): Promise<void> {
    const { bucket } = this.#options;
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: bucket }));
    } catch (error) {
      if (isMissing(error))
        throw new Error(`S3_BUCKET: the store has no bucket named ${bucket}.`, { cause: error });
      if (isForbidden(error)) {
        throw new Error(
          `S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY: the store does not let this key use the bucket ${bucket}.`,
          { cause: error },
        );
      }
      throw new StoreUnavailable('the object store cannot be reached', { cause: error });
    }
  }

  signUpload({ key, mimeType, sizeBytes }: ExpectedObject, expiresAt: Date): SignedRequest {
    const headers = { 'content-type': mimeType, 'if-none-match': '*' };
    return { url: this.#signPut(key, { headers, sizeBytes, expiresAt }), headers };
  }

  signPart(
    { key, sizeBytes }: Pick<ExpectedObject, 'key' | 'sizeBytes'>,
    { uploadId, partNumber }: { uploadId: string; partNumber: number },
    expiresAt: Date,
  ): SignedRequest {
    const query = { partNumber: String(partNumber), uploadId };
    return { url: this.#signPut(key, { query, headers: {}, sizeBytes, expiresAt }), headers: {} };
  }

  #signPut(
    key: string,
    request: {
      query?: Record<string, string>;
      headers: Record<string, string>;
      sizeBytes: number;
      expiresAt: Date;
    },
  ): string {
    const signedAt = new Date();
    return this.#signer.sign({
      method: 'PUT',
      base: this.#base,
      key,
      ...(request.query !== undefined && { query: request.query }),
      headers: { ...request.headers, 'content-length': String(request.sizeBytes) },
      signedAt,
      validSeconds: Math.max(1, Math.round((request.expiresAt.getTime() - signedAt.getTime()) / 1_000)),
    });
  }

  signDownload(key: string, { mimeType, disposition }: FileHeaders): SignedUrl {
    const window = urlWindow();
    if (this.#cdn !== undefined) return this.#cdn.sign(key, window);
    const url = this.#signer.sign({
      method: 'GET',
      base: this.#base,
      key,
      query: { 'response-content-disposition': disposition, 'response-content-type': mimeType },
      signedAt: window.signedAt,
      validSeconds: window.validSeconds,
    });
    return { url, expiresAt: window.expiresAt };
  }

  startParts({ key, mimeType }: ExpectedObject): Promise<string> {
    return ask(async () => {
      const command = new CreateMultipartUploadCommand({ ...this.#at(key), ContentType: mimeType });
      const { UploadId } = await this.#client.send(command);
      if (UploadId === undefined) throw new StoreUnavailable('the store gave the upload no id');
      return UploadId;
    });
  }

  async listParts(key: string, uploadId: string): Promise<UploadedPart[] | undefined> {
    const parts: UploadedPart[] = [];
    for (let marker: string | undefined; ;) {
      const page = await askForExisting(() =>
        this.#client.send(
          new ListPartsCommand({ ...this.#at(key), UploadId: uploadId, PartNumberMarker: marker }),
        ),
      );
      if (page === undefined) return undefined;
      for (const { PartNumber = 0, Size = 0, ETag = '' } of page.Parts ?? []) {
        parts.push({ partNumber: PartNumber, sizeBytes: Size, etag: ETag });
      }
      if (page.IsTruncated !== true) return parts;
      marker = page.NextPartNumberMarker;
    }
  }

  async joinParts(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void> {
    await ask(() =>
      this.#client.send(
        new CompleteMultipartUploadCommand({
          ...this.#at(key),
          UploadId: uploadId,
          MultipartUpload: {
            Parts: parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag })),
          },
        }),
      ),
    );
  }

  async dropParts(key: string, uploadId: string): Promise<void> {
    await askForExisting(() =>
      this.#client.send(new AbortMultipartUploadCommand({ ...this.#at(key), UploadId: uploadId })),
    );
  }

  async find(key: string): Promise<ObjectFacts | undefined> {
    const found = await askForExisting(() => this.#client.send(new HeadObjectCommand(this.#at(key))));
    return found && { sizeBytes: found.ContentLength ?? 0, etag: found.ETag ?? '' };
  }

  async read(
    key: string,
    file: string,
    { etag, maxBytes }: { etag: string; maxBytes: number },
  ): Promise<void> {
    await ask(async () => {
      const found = await askForExisting(() =>
        this.#client.send(
          new GetObjectCommand({ ...this.#at(key), IfMatch: etag, Range: `bytes=0-${maxBytes - 1}` }),
        ),
      );
      if (!(found?.Body instanceof Readable)) throw new ObjectChanged('the object is gone');
      await pipeline(found.Body, createWriteStream(file));
    });
  }

  async write(key: string, file: string, headers: FileHeaders): Promise<void> {
    const { size } = await stat(file);
    await ask(() =>
      this.#client.send(
        new PutObjectCommand({
          ...this.#at(key),
          Body: createReadStream(file),
          ContentLength: size,
          ...writtenHeaders(headers),
        }),
      ),
    );
  }

  async copy(from: { key: string; etag: string }, to: string, headers: FileHeaders): Promise<void> {
    const copied = await askForExisting(() =>
      this.#client.send(
        new CopyObjectCommand({
          ...this.#at(to),
          CopySource: `${this.#options.bucket}/${from.key}`,
          CopySourceIfMatch: from.etag,
          MetadataDirective: 'REPLACE',
          ...writtenHeaders(headers),
        }),
      ),
    );
    if (copied === undefined) throw new ObjectChanged('the object is gone');
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += MAX_REMOVED) {
      const Objects = keys.slice(from, from + MAX_REMOVED).map((Key) => ({ Key }));
      const { Errors = [] } = await ask(() =>
        this.#client.send(
          new DeleteObjectsCommand({ Bucket: this.#options.bucket, Delete: { Objects, Quiet: true } }),
        ),
      );
      const refused = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
      if (refused.length > 0) {
        throw new StoreUnavailable(`the store did not remove ${refused.length} objects: ${refused[0]?.Code}`);
      }
    }
  }

  async list(prefix: string, after?: string): Promise<{ objects: ListedObject[]; next?: string }> {
    const page = await ask(() =>
      this.#client.send(
        new ListObjectsV2Command({ Bucket: this.#options.bucket, Prefix: prefix, StartAfter: after }),
      ),
    );
    const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified = new Date() }) => ({
      key: Key,
      sizeBytes: Size,
      modifiedAt: LastModified,
    }));
    const last = objects.at(-1)?.key;
    return { objects, ...(page.IsTruncated === true && last !== undefined && { next: last }) };
  }

  async listOpenUploads(prefix: string): Promise<OpenUpload[]> {
    const page = await ask(() =>
      this.#client.send(new ListMultipartUploadsCommand({ Bucket: this.#options.bucket, Prefix: prefix })),
    );
    return (page.Uploads ?? []).flatMap(({ Key, UploadId, Initiated = new Date() }) =>
      Key === undefined || UploadId === undefined
        ? []
        : [{ key: Key, uploadId: UploadId, startedAt: Initiated }],
    );
  }

  close(): Promise<void> {
    this.#client.destroy();
    return Promise.resolve();
  }

  #at(key: string) {
    return { Bucket: this.#options.bucket, Key: key };
  }
}
